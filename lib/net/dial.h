// Making a TCP connection, inside a deadline.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/fd.h"
#include "lib/net/address.h"
#include "lib/net/wait.h"

namespace crossdock::net {

// What a dial may do besides connecting. Both may be empty.
struct DialOptions {
  // Says which of the name's addresses may be dialled; OK: this one.
  std::function<absl::Status(const SocketAddress&)> admit;
  // Sets options on the new socket, before it connects.
  std::function<void(int fd)> prepare;
};

// A connected, non-blocking socket with TCP_NODELAY. Tries the name's addresses in turn; the error is the last one's:
// CONNECTION_FAILED, TIMEOUT, INTERRUPTED, NAME_UNRESOLVED, or admit's own when no address was admitted. Any thread.
absl::StatusOr<base::UniqueFd> Dial(std::string_view address, const Deadline& deadline,
                                    const DialOptions& options = {});

}  // namespace crossdock::net
