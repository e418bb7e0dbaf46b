"""Store and forward: manifest, outbox, mailbox, delivery, receipts, trace."""
