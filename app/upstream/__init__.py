"""Signals of another service, pulled from its `GET /signals/summary`, and what each pull measured."""
