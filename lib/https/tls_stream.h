// A byte stream over TLS to somebody who is not of ours, such as a log collector; by libcurl.
//
// TLS 1.2 or newer, the peer's certificate checked with its name. Not thread-safe; blocks, no call for more than ten
// seconds. Errors are UNAVAILABLE (TLS_STREAM_FAILED).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::https {

struct TlsPeer {
  std::string address;  // "host:port"
  std::string ca_file;  // the authorities to believe; empty: the system's
  // Who we are; both empty: nobody.
  std::string certificate_file;
  std::string key_file;
};

class TlsStream {
 public:
  static absl::StatusOr<TlsStream> Connect(const TlsPeer& peer);

  // All of it, handed to the kernel: the peer may never read it.
  absl::Status Write(std::string_view bytes);
  // Whether the peer has not closed the stream, as far as can be seen. What it says is passed over.
  absl::Status CheckOpen();

 private:
  struct Handle;
  explicit TlsStream(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<Handle> handle_;
};

}  // namespace crossdock::https
