#include "agent/core/ledger_record.h"

#include <xxhash.h>

#include <algorithm>

#include "lib/base/check.h"
#include "lib/wire/byte_codec.h"

namespace crossdock::agent {
namespace {

using wire::ByteReader;
using wire::ByteWriter;

constexpr uint8_t kVersion = 1;

template <typename Digest>
std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

template <typename Digest>
void Read(ByteReader& in, Digest* digest) {
  const std::string_view bytes = in.Raw(digest->size());
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(digest->data()));
}

void WriteStaged(ByteWriter& out, const StagedFile& file) {
  out.Short(file.path).U64(file.size).I64(file.mtime_ns).U64(file.source_inode).U64(file.staged_inode);
}

void ReadStaged(ByteReader& in, StagedFile* file) {
  file->path = in.Short();
  file->size = in.U64();
  file->mtime_ns = in.I64();
  file->source_inode = in.U64();
  file->staged_inode = in.U64();
}

ByteWriter Begin(LedgerType type) {
  ByteWriter out;
  out.U8(static_cast<uint8_t>(type));
  return out;
}

struct Encoder {
  std::string operator()(const LedgerHeader& header) const {
    ByteWriter out = Begin(LedgerType::kHeader);
    out.U8(kVersion).U32(XXH_versionNumber());
    out.Short(header.transfer).U64(header.epoch.generation).U64(header.epoch.n).Short(header.listing_digest);
    return out.Short(header.boot_id).U8(header.durable ? 1 : 0).Take();
  }
  std::string operator()(const LedgerFile& file) const {
    ByteWriter out = Begin(LedgerType::kFile);
    WriteStaged(out, file);
    out.Raw(View(file.xxh3)).U8(file.sha256 ? 1 : 0);
    if (file.sha256) out.Raw(View(*file.sha256));
    return out.Take();
  }
  std::string operator()(const LedgerBlock& block) const {
    ByteWriter out = Begin(LedgerType::kBlock);
    WriteStaged(out, block);
    return out.U64(block.offset).U64(block.length).Raw(View(block.xxh3)).Take();
  }
  std::string operator()(const LedgerHashState& hash) const {
    ByteWriter out = Begin(LedgerType::kHashState);
    WriteStaged(out, hash);
    return out.U64(hash.offset).Short(hash.state).Take();
  }
  std::string operator()(const LedgerUnknown&) const {
    INVARIANT(false) << "a record without a type is never written";
    return {};
  }
};

bool Decode(std::string_view body, LedgerRecord* record) {
  ByteReader in(body);
  switch (static_cast<LedgerType>(in.U8())) {
    case LedgerType::kHeader: {
      LedgerHeader header;
      if (in.U8() != kVersion) return false;
      in.U32();
      header.transfer = in.Short();
      header.epoch.generation = in.U64();
      header.epoch.n = in.U64();
      header.listing_digest = in.Short();
      header.boot_id = in.Short();
      header.durable = in.U8() == 1;
      *record = std::move(header);
      return in.Complete();
    }
    case LedgerType::kFile: {
      LedgerFile file;
      ReadStaged(in, &file);
      Read(in, &file.xxh3);
      if (in.U8() == 1) Read(in, &file.sha256.emplace());
      *record = std::move(file);
      return in.Complete();
    }
    case LedgerType::kBlock: {
      LedgerBlock block;
      ReadStaged(in, &block);
      block.offset = in.U64();
      block.length = in.U64();
      Read(in, &block.xxh3);
      *record = std::move(block);
      return in.Complete();
    }
    case LedgerType::kHashState: {
      LedgerHashState hash;
      ReadStaged(in, &hash);
      hash.offset = in.U64();
      hash.state = in.Short();
      *record = std::move(hash);
      return in.Complete();
    }
  }
  *record = LedgerUnknown{};
  return true;
}

}  // namespace

std::string EncodeLedger(const LedgerRecord& record) {
  const std::string body = std::visit(Encoder(), record);
  INVARIANT(body.size() <= kLedgerRecordMax) << "a ledger record of " << body.size() << " bytes";
  ByteWriter out;
  out.U32(static_cast<uint32_t>(body.size())).Raw(body).U64(XXH3_64bits(body.data(), body.size()));
  return out.Take();
}

LedgerRead DecodeLedger(std::string_view bytes, LedgerRecord* record, size_t* consumed) {
  ByteReader in(bytes);
  const uint32_t size = in.U32();
  if (!in.ok()) return LedgerRead::kMore;
  if (size == 0 || size > kLedgerRecordMax) return LedgerRead::kTorn;
  const std::string_view body = in.Raw(size);
  const uint64_t checksum = in.U64();
  if (!in.ok()) return LedgerRead::kMore;
  if (checksum != XXH3_64bits(body.data(), body.size()) || !Decode(body, record)) return LedgerRead::kTorn;
  *consumed = 4 + size + 8;
  return LedgerRead::kRecord;
}

}  // namespace crossdock::agent
