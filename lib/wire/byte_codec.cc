#include "lib/wire/byte_codec.h"

#include "lib/base/check.h"

namespace crossdock::wire {

ByteWriter& ByteWriter::Short(std::string_view bytes) {
  INVARIANT(bytes.size() <= 0xffff) << bytes.size() << " bytes do not fit a short string";
  return U16(static_cast<uint16_t>(bytes.size())).Raw(bytes);
}

std::string_view ByteReader::Raw(size_t size) {
  if (!ok_ || left_.size() < size) {
    ok_ = false;
    return {};
  }
  const std::string_view out = left_.substr(0, size);
  left_.remove_prefix(size);
  return out;
}

uint64_t ByteReader::Number(size_t bytes) {
  uint64_t value = 0;
  for (const char c : Raw(bytes)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace crossdock::wire
