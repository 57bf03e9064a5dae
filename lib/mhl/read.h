// Manifests and chains from their XML: what the format does not allow is refused with its line, never guessed.
//
// Pure and thread-safe. `origin` (a file's name) stands before every complaint. Reasons: MHL_XML_INVALID, MHL_XML_DTD,
// MHL_TOO_LARGE, MHL_INVALID.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

inline constexpr std::string_view kManifestNamespace = "urn:ASC:MHL:v2.0";
inline constexpr std::string_view kChainNamespace = "urn:ASC:MHL:DIRECTORY:v2.0";

// Metadata elements of others are passed over, and so are hashes of formats that nobody writes any more (xxh32).
absl::StatusOr<Manifest> ReadManifest(std::string_view xml, std::string_view origin);

// ascmhl_chain.xml and ascmhl_collection.xml: numbers continuous from 1.
absl::StatusOr<Chain> ReadChain(std::string_view xml, std::string_view origin);

}  // namespace crossdock::mhl
