-- Grain: one imaging study of one data file.
--
-- A file names its studies twice: by node id and by StudyInstanceUID, and either list may hold more than the
-- other. The UID counts where no node id stands for it. A study that the portal's index lacks stays, without a key.

{{ file_links(
    ref('stg_midrc__imaging_study'),
    node_id='study_node_id',
    identifier='study_instance_uid',
    natural_key='study_natural_key',
    listed_node_ids='study_node_ids',
    listed_identifiers='study_instance_uids',
) }}
