"""Local stand-ins for the upstream services, for demonstrations and tests.

What belongs here: servers that answer as the real upstreams do (Guppy of the MIDRC portal and of the BDF Imaging
Hub, Indexd, the metadata service, the IDC artifact bucket), the synthetic records that they serve, the faults that
they can be told to show, and the log of what they were asked. Nothing here is imported by the rest of the warehouse
but the command line: a client under test knows a sandbox only by its base URLs.

Every answer, every manifest and every synthesised file says that it is synthetic.
"""
