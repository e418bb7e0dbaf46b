"""What stands in the ``README.md`` of an evidence package."""

from __future__ import annotations

TEXT = """\
# Gói bằng chứng truyền hồ sơ / Evidence of a transfer

Tiếng Việt trước, tiếng Anh sau. / Vietnamese first, English below.

## Đây là gì

Gói này chứng minh một gói tin (hoặc mọi gói tin của một lượt chuyển cơ sở khám bệnh, chữa bệnh) đã đi từ cơ sở gửi,
qua trục liên thông của tỉnh, đến cơ sở nhận. Với mỗi gói tin có:

| tệp | nội dung |
|---|---|
| `messages/<mã>/manifest.jws` | bản kê do cơ sở gửi ký: gửi gì, cho ai, lúc nào, mã băm của từng phần |
| `messages/<mã>/acceptance.jws` | xác nhận do trục ký: đã nhận đủ đúng bản kê đó, lúc nào |
| `messages/<mã>/receipt.jws` | biên nhận do cơ sở nhận ký: đã lưu (hoặc từ chối) đúng bản kê đó |
| `parts/<mã băm>` | nội dung các phần, nếu gói được lập có kèm nội dung |
| `directory/…jws` | danh bạ do trục ký: khóa nào của ai, có hiệu lực từ khi nào, khóa nào đã bị thu hồi |
| `audit/<số>.event`, `.json` | sự kiện nhật ký của cơ sở lập gói, mã băm và đường dẫn cây băm |
| `audit/batch-<số>.json`, `.tsr` | gốc cây băm của một lô sự kiện và dấu thời gian RFC 3161 của nó |
| `package.jws` | danh mục mọi tệp trong gói, do cơ sở lập gói ký |

Gói có thể chứa dữ liệu sức khỏe: chỉ giao cho người có quyền nhận.

## Cách kiểm tra

1. Lấy tệp `verify.py` của Liên Thông (một tệp duy nhất) và cài Python 3.10 trở lên cùng thư viện `cryptography`.
2. Hỏi Sở Y tế tên khóa (kid) của trục, qua điện thoại hoặc văn bản, không lấy từ gói này.
3. Chạy: `python verify.py TỆP --hub-key KID`. Thêm `--tsa-ca ca.pem` nếu có chứng thư gốc của dịch vụ cấp dấu thời
   gian.

Kết quả `HỢP LỆ` (mã thoát 0) nghĩa là mọi thứ đều khớp và có đủ ba chữ ký. Chương trình nêu rõ điều gì được chứng minh,
do ai, lúc nào, và điều gì không được chứng minh. Dấu thời gian cũng có thể kiểm tra bằng OpenSSL:
`openssl ts -verify -in audit/batch-N.tsr -data audit/batch-N.json -CAfile ca.pem`.

## What this is

This package proves that a message (or all messages of one transfer of a patient) went from the sending facility, by way
of the province's hub, to the receiving facility. For each message there are:

| file | content |
|---|---|
| `messages/<id>/manifest.jws` | the manifest, signed by the sender: what, to whom, when, the hash of every part |
| `messages/<id>/acceptance.jws` | the hub's signed word that it had all of exactly that manifest, and when |
| `messages/<id>/receipt.jws` | the receiver's signed word that it stored (or refused) exactly that manifest |
| `parts/<hash>` | the content, when the package was made with content |
| `directory/…jws` | the directory, signed by the hub: whose key is whose, since when, and which were revoked |
| `audit/<number>.event`, `.json` | events of the audit trail of who made the package, with hash and path |
| `audit/batch-<number>.json`, `.tsr` | the root of the tree over a batch of events, and its RFC 3161 time-stamp |
| `package.jws` | the list of all files in the package, signed by who made it |

The package may hold health data: hand it only to people who may have it.

## How to check it

1. Get the file `verify.py` of Liên Thông (one single file) and install Python 3.10 or later with the library
   `cryptography`.
2. Ask the Department of Health for the name (kid) of the hub's key, by telephone or letter, not from this package.
3. Run `python verify.py FILE --hub-key KID --lang en`. Add `--tsa-ca ca.pem` when you have the root certificate of the
   time-stamping service.

`VALID` (exit status 0) means that everything holds and all three signatures are there. The program says what is proven,
by whom, when, and what is not proven. Time-stamps can be checked with OpenSSL, too:
`openssl ts -verify -in audit/batch-N.tsr -data audit/batch-N.json -CAfile ca.pem`.
"""
