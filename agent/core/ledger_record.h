// The bytes of the ledger: what an attempt's staging holds, appended record by record, each with its checksum, so that
// a torn tail is cut off and nothing before it is in doubt.
//
//   record: size u32 (of type and payload), type u8, payload, XXH3-64 of type and payload u64
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lib/wire/frames.h"

namespace crossdock::agent {

inline constexpr size_t kLedgerRecordMax = 8192;

enum class LedgerType : uint8_t {
  kHeader = 1,
  kFile = 2,
  kBlock = 3,
  kHashState = 4,
};

// First, once.
struct LedgerHeader {
  std::string transfer;
  wire::Epoch epoch;
  std::string listing_digest;  // 32 bytes
  std::string boot_id;         // of the machine's run that wrote it
  bool durable = false;        // each file was synced before its record was written
  bool operator==(const LedgerHeader&) const = default;
};
// Which file of the source, and which of the staged tree: both as they must still be for the record to hold.
struct StagedFile {
  std::string path;
  uint64_t size = 0;
  int64_t mtime_ns = 0;       // the source's; the staged file's too, once it is complete
  uint64_t source_inode = 0;  // as the manifest told it
  uint64_t staged_inode = 0;  // so that a file put in its place is not taken for it
  bool operator==(const StagedFile&) const = default;
};
// A file is complete and verified in staging.
struct LedgerFile : StagedFile {
  wire::Digest128 xxh3{};
  std::optional<wire::Digest256> sha256;  // when the content was bound
  bool operator==(const LedgerFile&) const = default;
};
// A block of a file is verified in staging.
struct LedgerBlock : StagedFile {
  uint64_t offset = 0;
  uint64_t length = 0;
  wire::Digest128 xxh3{};  // of the block
  bool operator==(const LedgerBlock&) const = default;
};
// All of a file before `offset` is there, and this is the XXH3 of it so far.
struct LedgerHashState : StagedFile {
  uint64_t offset = 0;
  std::string state;  // Xxh3::Save
  bool operator==(const LedgerHashState&) const = default;
};
// A type of a later version; kept out of the way.
struct LedgerUnknown {
  bool operator==(const LedgerUnknown&) const = default;
};
using LedgerRecord = std::variant<LedgerHeader, LedgerFile, LedgerBlock, LedgerHashState, LedgerUnknown>;

std::string EncodeLedger(const LedgerRecord& record);

enum class LedgerRead {
  kRecord,  // `record` and `consumed` are set
  kMore,    // `bytes` ends inside a record
  kTorn,    // what follows is not a record: the ledger ends here
};
LedgerRead DecodeLedger(std::string_view bytes, LedgerRecord* record, size_t* consumed);

}  // namespace crossdock::agent
