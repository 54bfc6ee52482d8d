"""The one door through which money leaves: obligations, batches, ledger, receipts, reconciliation."""
