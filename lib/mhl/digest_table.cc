#include "lib/mhl/digest_table.h"

#include <algorithm>

namespace crossdock::mhl {

DigestTable::DigestTable(std::vector<HashFormat> formats, size_t size) : formats_(std::move(formats)) {
  for (const HashFormat format : formats_) stride_ += RawSize(format);
  raw_.resize(stride_ * size);
}

void DigestTable::Set(size_t index, const Digests& digests) {
  size_t at = index * stride_;
  for (const HashFormat format : formats_) {
    raw_.replace(at, RawSize(format), digests.at(format));
    at += RawSize(format);
  }
  for (const auto& [format, raw] : digests) {
    if (std::find(formats_.begin(), formats_.end(), format) == formats_.end()) more_[index].emplace(format, raw);
  }
}

Digests DigestTable::Get(size_t index) const {
  const auto more = more_.find(index);
  Digests digests = more == more_.end() ? Digests() : more->second;
  size_t at = index * stride_;
  for (const HashFormat format : formats_) {
    digests.emplace(format, raw_.substr(at, RawSize(format)));
    at += RawSize(format);
  }
  return digests;
}

}  // namespace crossdock::mhl
