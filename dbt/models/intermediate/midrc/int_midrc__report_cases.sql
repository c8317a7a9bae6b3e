-- Grain: one case of one radiology report.
--
-- A case that the portal's index lacks stays, without a node id and a key.

{{ case_links(ref('stg_midrc__radiology_report'), keys=['source_id', 'report_node_id']) }}
