"""The sandbox: simulated upstream services on loopback, with synthetic data, for demonstrations and tests.

What belongs here: services that answer as the upstreams do, the synthetic records that they serve, faults on request,
and a log of the requests. Only the command line imports this package: a client under test knows a sandbox by its base
URLs alone.

| room | what |
|---|---|
| `running` | starts a sandbox for a refresh or for a user |
| `server` | the HTTP server, routing, control endpoints, faults, request log |
| `guppy` | Guppy, as the MIDRC portal and the BDF Imaging Hub run it |
| `gen3` | Indexd and the metadata service |
| `idc` | the IDC artifact bucket, synthetic specialised indices and clinical tables |
| `population` | the synthetic records |
| `exchange`, `scratch` | requests and replies; temporary folders |
| `data` | the field table, the portal's schema history, the targets of the population |

Every reply, every manifest and every synthetic file says that it is synthetic.
"""
