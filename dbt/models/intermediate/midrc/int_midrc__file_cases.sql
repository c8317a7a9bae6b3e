-- Grain: one case of one data file.
--
-- A file names its cases twice: by node id and by submitter id, and either list may hold more than the other. The
-- submitter id counts where no node id stands for it. A case that the portal's index lacks stays, without a key.

{{ file_links(
    ref('stg_midrc__case'),
    node_id='case_node_id',
    identifier='case_id',
    natural_key='patient_natural_key',
    listed_node_ids='case_node_ids',
    listed_identifiers='case_ids',
) }}
