"""TLS: certificates, contexts, who is who; for servers of ours and for connections that we make."""
