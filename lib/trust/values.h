// What a value of a statement may look like. Shared by the kinds and the roster, so that both name things alike.
#pragma once

#include <string_view>

namespace crossdock::trust {

// A name of a site, person, client, transfer…: 1 to 64 of A-Z a-z 0-9 . _ - @, the first a letter or digit. It stands
// in paths, SPIFFE names and tables without escaping.
bool IsId(std::string_view text);
// SHA-256: 64 lower-case hex digits.
bool IsDigest(std::string_view text);
// site/volume.
bool IsPlace(std::string_view text);
// Whose policy: an id, studio:all, or show:ID/ID.
bool IsPolicyScope(std::string_view text);
// An id, or studio/ID, show/ID.
bool IsRequirement(std::string_view text);
// host:port, the port 1 to 65535; an IPv6 host stands in brackets.
bool IsAddress(std::string_view text);
// 16 to 64 lower-case hex digits.
bool IsNonce(std::string_view text);
// generation.number, such as 1.7, without leading zeros.
bool IsEpoch(std::string_view text);
// 1 to 256 bytes of anything.
bool IsText(std::string_view text);
// The one scope that exists: "once".
bool IsScope(std::string_view text);
// The one role that a grant may give: "agent".
bool IsGrantRole(std::string_view text);

}  // namespace crossdock::trust
