#include "agent/storage/ledger_reader.h"

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

constexpr size_t kReadSize = 1u << 20;

}  // namespace

absl::StatusOr<off_t> ReadLedger(int fd, FileCalls& calls, const EachLedgerRecord& each) {
  std::string window;
  off_t sound = 0;
  while (true) {
    std::string more(kReadSize, '\0');
    const ssize_t got = calls.Read(fd, more.data(), more.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read", "ledger");
    if (got == 0) return sound;
    window.append(more, 0, static_cast<size_t>(got));
    size_t at = 0;
    while (true) {
      LedgerRecord record;
      size_t consumed = 0;
      const LedgerRead read = DecodeLedger(std::string_view(window).substr(at), &record, &consumed);
      if (read == LedgerRead::kTorn) return sound;
      if (read == LedgerRead::kMore) break;
      each(record, static_cast<uint64_t>(sound));
      at += consumed;
      sound += static_cast<off_t>(consumed);
    }
    window.erase(0, at);
  }
}

}  // namespace crossdock::agent
