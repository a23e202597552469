"""Names are looked up: a stub resolver that asks the resolvers of the operator."""
