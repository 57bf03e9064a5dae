// Numbers and byte strings as they stand in frames, manifests and ledgers: big-endian, lengths in front, no padding.
//
// Pure. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace crossdock::wire {

class ByteWriter {
 public:
  ByteWriter& U8(uint8_t value) { return Number(value, 1); }
  ByteWriter& U16(uint16_t value) { return Number(value, 2); }
  ByteWriter& U32(uint32_t value) { return Number(value, 4); }
  ByteWriter& U64(uint64_t value) { return Number(value, 8); }
  ByteWriter& I64(int64_t value) { return U64(static_cast<uint64_t>(value)); }
  ByteWriter& Raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }
  // Length as u16, then the bytes; at most 65,535 of them (INVARIANT).
  ByteWriter& Short(std::string_view bytes);

  size_t size() const { return out_.size(); }
  const std::string& bytes() const { return out_; }
  std::string Take() { return std::move(out_); }

 private:
  ByteWriter& Number(uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
    return *this;
  }

  std::string out_;
};

// Reads past the end give zeros and make ok() false for good, so that a decoder asks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  uint8_t U8() { return static_cast<uint8_t>(Number(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  int64_t I64() { return static_cast<int64_t>(Number(8)); }
  // The view is into the bytes that the reader was given.
  std::string_view Raw(size_t size);
  std::string_view Short() { return Raw(U16()); }

  bool ok() const { return ok_; }
  // Everything was read, and nothing is left over.
  bool Complete() const { return ok_ && left_.empty(); }
  size_t left() const { return left_.size(); }

 private:
  uint64_t Number(size_t bytes);

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace crossdock::wire
