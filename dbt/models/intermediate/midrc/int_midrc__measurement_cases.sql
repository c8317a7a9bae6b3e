-- Grain: one case of one laboratory measurement.
--
-- A case that the portal's index lacks stays, without a node id and a key.

{{ case_links(ref('stg_midrc__measurement'), keys=['source_id', 'measurement_node_id']) }}
