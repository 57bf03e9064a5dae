// Private keys on disk: PEM, mode 0600, and not read when others could have read them first.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/ed25519.h"
#include "lib/base/p256_key.h"

namespace crossdock::base {

// The text of a private key's file. FAILED_PRECONDITION (KEY_FILE_OPEN) when group or others may read it, or when it is
// no regular file.
absl::StatusOr<std::string> ReadKeyFile(const std::string& path);
absl::StatusOr<PrivateKey> ReadSigningKey(const std::string& path);  // Ed25519
absl::StatusOr<P256Key> ReadP256Key(const std::string& path);        // P-256

// Writes a new file with mode 0600. ALREADY_EXISTS when something is there: a key is never overwritten. After a crash
// the whole key is there or nothing is, but for a file `<path>.new.…` (0600) that nobody reads and anybody may remove;
// on return it survives a power cut.
absl::Status WriteNewKeyFile(const std::string& path, std::string_view pem);

}  // namespace crossdock::base
