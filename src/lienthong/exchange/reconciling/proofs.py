"""What was signed, checked again long after: the signature and what it says, with the key that signed, valid or not.

Whether a key counted was judged when the message was taken; a key that was replaced or revoked since still shows that
nothing was changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lienthong.exchange import manifest
from lienthong.exchange.manifest import Acceptance, Manifest, Party, Receipt
from lienthong.facilities import directory
from lienthong.facilities.directory import NodeKey
from lienthong.foundation.errors import LienThongError


@dataclass(frozen=True, slots=True)
class Proofs:
    """Remembers the keys it has looked up; make a new one for each piece of work."""

    _keys: dict[str, NodeKey | None] = field(default_factory=dict)

    def manifest(self, jws: str) -> tuple[Manifest, str] | None:
        """The manifest and its hash, when the sender it names has signed it."""
        try:
            key = self._key(jws)
            if key is None:
                return None
            payload = manifest.verified(jws, key.jwk, manifest.MANIFEST)
            found = manifest.read_manifest(payload)
        except (LienThongError, ValueError):
            return None
        return (found, manifest.digest(payload)) if found.sender == Party(key.facility, key.kid) else None

    def acceptance(self, jws: str, message: str, digest: str) -> Acceptance | None:
        """The acceptance, when a hub has signed it for this manifest."""
        try:
            key = self._key(jws)
            if key is None or key.role != "hub":
                return None
            found = manifest.read_acceptance(manifest.verified(jws, key.jwk, manifest.ACCEPTANCE))
        except (LienThongError, ValueError):
            return None
        return found if (found.message, found.manifest) == (message, digest) else None

    def receipt(self, jws: str, message: str, digest: str, receiver: str) -> Receipt | None:
        """The receipt, when the receiver has signed it for this manifest."""
        try:
            key = self._key(jws)
            if key is None:
                return None
            found = manifest.read_receipt(manifest.verified(jws, key.jwk, manifest.RECEIPT))
        except (LienThongError, ValueError):
            return None
        right = (message, digest, receiver, key.kid, receiver)
        return (
            found
            if (found.message, found.manifest, found.facility, found.kid, key.facility) == right
            else None
        )

    def _key(self, jws: str) -> NodeKey | None:
        kid = manifest.signer(jws)
        if kid not in self._keys:
            self._keys[kid] = directory.node_key(kid)
        return self._keys[kid]
