"""The states of the portal's schema that the sandbox can serve."""

from __future__ import annotations

# Types and numbers of fields as the portal's ETL mapping had them (records inside a record count as one).
STATES: dict[str, dict[str, int]] = {
    "2022-05-26": {"case": 21, "dataset": 25, "imaging_data_file": 54, "imaging_study": 32},
    "2022-05-27": {"case": 21, "dataset": 25, "imaging_data_file": 55, "imaging_study": 32},
    "2022-09-29": {"case": 21, "dataset": 25, "imaging_data_file": 53, "imaging_study": 37, "measurement": 8},
    "2022-10-12": {"case": 20, "imaging_data_file": 53, "imaging_study": 36, "measurement": 8},
    "2023-06-01": {"case": 24, "imaging_data_file": 65, "imaging_study": 36, "measurement": 8},
    "2023-08-29": {"annotation": 10, "case": 26, "data_file": 76, "imaging_study": 37, "measurement": 8},
    "2023-11-07": {"annotation": 10, "case": 27, "data_file": 77, "imaging_study": 37, "measurement": 8},
    "2024-02-02": {"annotation": 10, "case": 27, "data_file": 77, "imaging_study": 40, "measurement": 8},
    "2024-04-29": {"annotation": 10, "case": 27, "data_file": 76, "imaging_study": 39, "measurement": 8},
    "2024-05-30": {"annotation": 10, "case": 30, "data_file": 79, "imaging_study": 41, "measurement": 8},
    "2024-06-28": {"annotation": 10, "case": 31, "data_file": 79, "imaging_study": 41, "measurement": 8},
    "2024-07-30": {"annotation": 10, "case": 31, "data_file": 79, "imaging_study": 43, "measurement": 8},
    "2024-10-14": {"annotation": 11, "case": 34, "data_file": 84, "imaging_study": 46, "measurement": 12},
}
