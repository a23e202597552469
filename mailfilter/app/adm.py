"""The command `mailfilteradm`, with what only the application knows."""

from ..client.adm import main as client_main
from ..client.options import Knowledge
from .own_key import own_key
from .plan import load_all, plan_of, rules_of
from .tls_files import page_of_files


def main() -> None:
    """Run the command; see `mailfilter.client.adm`."""
    client_main(obj=Knowledge(load_all, page_of_files, rules_of, plan_of, own_key))
