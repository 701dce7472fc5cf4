"""The page of messages says what the classes say."""

from __future__ import annotations

from pyfora.wire import messages
from pyfora.wire.messages import Message
from tests.wire.protocol_page import LINKS, PAGE, page


def test_the_page_is_the_classes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.wire.protocol_page`"


def test_every_message_belongs_to_a_link() -> None:
    on_links = {kind for _, _, kinds in LINKS for kind in kinds}
    written = {
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, Message) and kind is not Message
    }
    assert written == on_links
