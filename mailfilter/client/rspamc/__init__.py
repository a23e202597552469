"""`mailfilterc`: the client, a drop-in for `rspamc` (lda-client.md), and its LDA mode."""
