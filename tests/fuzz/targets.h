// The fuzz targets: each takes any bytes to one of our parsers and breaks an INVARIANT when a property does not hold.
// True when the parser took the bytes, so that a corpus that never gets beyond the first check is noticed.
//
// Pure: the same bytes do the same in every run. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace crossdock::fuzz {

// lib/wire: what strangers send to a relay, and one agent to another.
bool FuzzTicket(std::string_view input);
bool FuzzAdmission(std::string_view input);
bool FuzzControlLeg(std::string_view input);
bool FuzzDataLeg(std::string_view input);
bool FuzzManifest(std::string_view input);
// agent: what a crash, a bad disk or another program left.
bool FuzzLedger(std::string_view input);
bool FuzzJournal(std::string_view input);
bool FuzzHashState(std::string_view input);
// lib/trust, lib/pki: what people and agents sign.
bool FuzzStatement(std::string_view input);
bool FuzzCredential(std::string_view input);
bool FuzzRoster(std::string_view input);
bool FuzzJoinToken(std::string_view input);
// What people write.
bool FuzzYaml(std::string_view input);
bool FuzzPolicy(std::string_view input);
bool FuzzCalendar(std::string_view input);
bool FuzzTrigger(std::string_view input);
bool FuzzRelayConfig(std::string_view input);
// lib/mhl: what other programs wrote into a package.
bool FuzzMhl(std::string_view input);
// lib/transparency: what a log or a witness, either of which may lie, shows the other, and an auditor.
bool FuzzCheckpoint(std::string_view input);
bool FuzzProof(std::string_view input);
// lib/oidc: what comes from an identity provider, or from somebody who would like to be one.
bool FuzzKeySet(std::string_view input);
bool FuzzIdToken(std::string_view input);

struct Target {
  std::string_view name;  // of NAME_fuzz.cc, corpus/NAME and ./dev fuzz NAME
  bool (*run)(std::string_view input);
};
std::span<const Target> Targets();

}  // namespace crossdock::fuzz
