"""The service: pages and an HTTP API over a bank folder, for a browser on this machine or a department's server.

The web process holds no question and runs no network: workers read, draw and lay out, a child process builds.
"""
