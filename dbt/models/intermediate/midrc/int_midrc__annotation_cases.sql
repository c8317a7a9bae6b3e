-- Grain: one case of one annotation.
--
-- A case that the portal's index lacks stays, without a node id and a key.

{{ case_links(ref('stg_midrc__annotation'), keys=['source_id', 'annotation_node_id']) }}
