-- Grain: one case of one imaging study.
--
-- A case that the portal's index lacks stays, without a node id and a key.

{{ case_links(ref('stg_midrc__imaging_study'), keys=['source_id', 'study_node_id', 'study_instance_uid', 'study_natural_key']) }}
