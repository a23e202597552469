"""The command `mailfilteradm`, with what only the application knows."""

from ..client.adm import Knowledge
from ..client.adm import main as client_main
from .plan import load_all


def main() -> None:
    """Run the command; see `mailfilter.client.adm`."""
    client_main(obj=Knowledge(load_all=load_all))
