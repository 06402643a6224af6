"""What a client says of what a region refuses."""

from maas.client.bones import CallError


def refused(kind, action):
    """The error of that kind that an action ends in."""
    try:
        action()
    except kind as error:
        return error
    raise AssertionError("it was not refused")


def status_of(action):
    """The HTTP status that a region refuses an action with."""
    return refused(CallError, action).status
