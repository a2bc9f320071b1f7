"""Writes tests/vectors/*.json: `python tests/verifier/make_vectors.py`. A second run writes the same bytes.

Every case states the outcome that the specification demands; the verifier only fills in the results of accepted ones.
"""

import json
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from verifier import making_batch, making_carriers, making_charters, making_items, making_live, making_outboards, making_proofs, making_reconcile, making_rooms, making_status
from verifier.book import Book
from verifier.verify import VECTORS

FILE_BYTES_MAX = 300_000

MAKERS = (
    making_carriers.address, making_charters.charters, making_items.headers, making_items.payloads,
    making_items.statements, making_carriers.heads, making_carriers.packs, making_carriers.pack_of_lies, making_proofs.closings,
    making_status.statuses, making_live.broadcasts, making_live.named_moments, making_rooms.rooms, making_carriers.paths, making_carriers.archives,
    making_proofs.signatures, making_batch.crafted, making_outboards.outboards, making_reconcile.reconciliations,
)


def main() -> None:
    VECTORS.mkdir(exist_ok=True)
    accepted = total = 0
    for maker in MAKERS:
        book: Book = maker()
        raw = json.dumps(book.file(), ensure_ascii=False, indent=1) + "\n"
        if len(raw.encode()) >= FILE_BYTES_MAX:
            raise SystemExit(f"{book.name}.json is too large: {len(raw)}")
        Path(VECTORS, f"{book.name}.json").write_text(raw, encoding="utf-8")
        good = sum(case["expect"] == "accepted" for case in book.cases)
        print(f"{book.name}: {len(book.cases)} cases, {good} accepted, {len(raw)} bytes")
        accepted, total = accepted + good, total + len(book.cases)
    print(f"{total} cases, {accepted} accepted, {total - accepted} refused")


if __name__ == "__main__":
    main()
