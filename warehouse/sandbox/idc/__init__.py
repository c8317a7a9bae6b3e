"""The IDC artifact bucket, and the indices that a release from a wheel lacks."""
