"""The proxy gate: guards in processes of their own, whose connections lead through the gate."""
