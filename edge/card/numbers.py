"""All numbers of the card format: the table of FORMAT.md section 3, and the limits of its section 5.

If a draft that the format builds on changes a number, only this file and that table change.
"""

from __future__ import annotations

from typing import Final

# Code text (FORMAT.md section 2)
PREFIX: Final = "EC1:"  # the version of the format: another version has another prefix
MAX_CODE_CHARS: Final = (
    1_249  # alphanumeric capacity of QR 20-L, the densest code a door camera reads at arm's length
)
MAX_CODE_BYTES: Final = (MAX_CODE_CHARS - len(PREFIX)) * 2 // 3  # 830: base45 turns 3 characters into 2 bytes

# COSE (RFC 9052, RFC 9596, RFC 9528)
COSE_SIGN1: Final = 18  # CBOR tag
HEADER_ALG: Final = 1
HEADER_KID: Final = 4
HEADER_KCWT: Final = 13
HEADER_TYP: Final = 16
ALG_EDDSA: Final = -8
TYP_CARD: Final = 293  # application/sd-cwt, as SD-CWT asks IANA
TYP_PRESENTATION: Final = 294  # application/kb+cwt
TYP_STATUS: Final = (
    "application/ec1-status+cwt"  # edge/trust/status/STATUS.md; our own type, without a number from IANA
)
TYP_STATUS_MANIFEST: Final = "application/ec1-status-manifest+cwt"  # likewise
KID_BYTES: Final = 8
SIGNATURE_BYTES: Final = 64

# COSE_Key of an Ed25519 public key (RFC 9053 section 7.2)
KEY_KTY: Final = 1
KEY_CRV: Final = -1
KEY_X: Final = -2
KTY_OKP: Final = 1
CRV_ED25519: Final = 6
PUBLIC_KEY_BYTES: Final = 32

# Claims of the card (RFC 8392, RFC 8747, MOSIP Claim 169, IETF Token Status List, and ours below -65536)
CLAIM_ISS: Final = 1
CLAIM_SUB: Final = 2
CLAIM_AUD: Final = 3
CLAIM_EXP: Final = 4
CLAIM_NBF: Final = 5
CLAIM_IAT: Final = 6
CLAIM_CTI: Final = 7
CLAIM_CNF: Final = 8
CLAIM_CNONCE: Final = 39
CLAIM_169: Final = 169
CLAIM_STATUS: Final = 65_535
CLAIM_DOCUMENTS: Final = -65_537
CLAIM_SEALED_FACE: Final = -65_538
CLAIM_SCOPE: Final = -65_539
CLAIM_ASSURANCE: Final = -65_540
CLAIM_STATUS_BITS: Final = -65_541  # in status lists only
CLAIM_STATUS_HASHES: Final = -65_542  # in manifests of status lists only
CLAIM_REDACTED: Final = -65_543
CLAIM_DISCLOSED: Final = -65_544  # in presentations only

CNF_COSE_KEY: Final = 1
STATUS_LIST: Final = "status_list"
STATUS_INDEX: Final = "idx"
STATUS_URI: Final = "uri"
FACE_TEMPLATES: Final = 62  # inside claim 169
TEMPLATE_DATA: Final = 0
TEMPLATE_KIND: Final = 1
TEMPLATE_FORMAT: Final = 2
TEMPLATE_MODEL: Final = 3
KIND_TEMPLATE: Final = 1  # in claim 169, 1 is a template and 0 a picture

# Requests that a venue shows to a holder (edge/request/REQUEST.md)
REQUEST_PREFIX: Final = "EQ1:"
TYP_VENUE: Final = "application/eq1-venue+cwt"
TYP_REQUEST: Final = "application/eq1-request+cwt"
CLAIM_OPERATOR: Final = -65_545
CLAIM_ASKABLE: Final = -65_546
CLAIM_PURPOSE: Final = -65_547
CLAIM_NEEDED: Final = -65_548
CLAIM_OPTIONAL: Final = -65_549
CLAIM_TYPES: Final = -65_550
CLAIM_RETENTION: Final = -65_551
CLAIM_ISSUERS: Final = -65_552

# Attributes that a holder may disclose; their names are in attributes.py
ATTRIBUTE_FAMILY_NAME: Final = 1
ATTRIBUTE_GIVEN_NAME: Final = 2
ATTRIBUTE_BIRTH_DATE: Final = 3
ATTRIBUTE_NATIONALITY: Final = 4
ATTRIBUTE_DOCUMENT_TYPE: Final = 5
ATTRIBUTE_DOCUMENT_NUMBER: Final = 6
ATTRIBUTE_DOCUMENT_ISSUER: Final = 7
ATTRIBUTE_EXPIRY: Final = 8
ATTRIBUTE_ADDRESS: Final = 9
ATTRIBUTE_BOOKING: Final = 10
ATTRIBUTE_PATRON: Final = 11
ATTRIBUTES: Final = 11

# Limits of fields; FORMAT.md section 5 gives their reasons
MAX_TIME: Final = 4_102_444_800  # 2100-01-01: a later time is a mistake, and every clock can show this one
SECONDS_A_DAY: Final = 86_400
MAX_ISS_CHARS: Final = 32
MAX_SUB_CHARS: Final = 64
CTI_BYTES: Final = 8
MAX_URI_CHARS: Final = 64
MAX_INDEX: Final = 2**32 - 1
MAX_SERIAL: Final = 2**32 - 1
MAX_TEMPLATE_BYTES: Final = 256
MIN_TEMPLATE_FORMAT: Final = 100
MAX_TEMPLATE_FORMAT: Final = 200
MAX_MODEL_CHARS: Final = 16
SEAL_BYTES: Final = 16
MAX_DOCUMENTS: Final = 8
MAX_DOCUMENT_TYPE: Final = 65_535
DOCUMENT_REF_BYTES: Final = 8
MAX_SITES: Final = 8
MAX_SITE_CHARS: Final = 64
MAX_ASSURANCE: Final = 3
MAX_AUD_CHARS: Final = 64
MIN_NONCE_BYTES: Final = 8
MAX_NONCE_BYTES: Final = 16
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 16
MAX_DIGESTS: Final = 12
MAX_VALUE_BYTES: Final = 96
MAX_OPERATOR_BYTES: Final = 64
MAX_PURPOSE_BYTES: Final = 96
MAX_RETENTION_DAYS: Final = 3_660
MAX_ISSUERS: Final = 8
