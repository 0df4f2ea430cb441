/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/wire/content.c: no shape is found in nothing, no payload is of the two shapes whose first octets differ, and
 * MessagePack's answer is about the whole: one more octet and it is none any more. */
#include "core/wire/content.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zs_span in = zs_span(data, size);
    bool xml = zs_content_is_xml(in), msgpack = zs_content_is_msgpack(in);

    FUZZ_CHECK(!(xml && msgpack));
    FUZZ_CHECK(size || !(xml || msgpack || zs_content_is_protobuf(in)));
    if (msgpack)
        FUZZ_CHECK(!zs_content_is_msgpack(zs_span(data, size - 1)));
    return 0;
}
