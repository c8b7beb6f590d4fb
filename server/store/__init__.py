"""Where the hub keeps its county: one interface (`sync.hub.HubStore`), more than one home."""
