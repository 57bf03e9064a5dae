"""Crossdock from Python: tell it what is ready, ask it why something has not arrived.

    import crossdock

    with crossdock.Client.from_config() as studio:
        for transfer in studio.watch(project="nl"):
            print(transfer.name, transfer.version, transfer.state, transfer.detail)

For the status-change hook of an asset database, which must never hold up or break a save, there is crossdock.hook, which does not even import
gRPC before it is needed.
"""

__all__ = ["Client", "CrossdockError", "Explanation", "Transfer"]


def __getattr__(name):
    # gRPC takes a tenth of a second to import: a hook that only spools does not pay for it.
    if name in __all__:
        from . import client
        return getattr(client, name)
    raise AttributeError(f"module 'crossdock' has no attribute '{name}'")
