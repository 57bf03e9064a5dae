// What every gRPC port of ours has in common below HTTP/2: TLS 1.3 with AES-256-GCM, and nothing else.
//
// The packaged gRPC has no setter for the lowest TLS version, and its own list of suites rules TLS 1.2 only. So both
// are said where its OpenSSL reads them: a configuration that leaves one TLS 1.3 suite, and a TLS 1.2 list whose one
// suite needs an RSA certificate, which CheckServerCertificate refuses.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace crossdock::rpc {

// Call first in main, before any thread and before anything of gRPC or OpenSSL. Acts on the whole process: later TLS
// contexts of other libraries offer the same one suite in TLS 1.3.
absl::Status TlsLockDown();

// An error unless the first certificate in the PEM file has an elliptic-curve key, without which the lock-down leaves a
// TLS 1.2 suite open.
absl::Status CheckServerCertificate(const std::string& certificate_path);

}  // namespace crossdock::rpc
