#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

std::span<const Target> Targets() {
  static constexpr Target kTargets[] = {
      {"ticket", FuzzTicket},
      {"admission", FuzzAdmission},
      {"control_leg", FuzzControlLeg},
      {"data_leg", FuzzDataLeg},
      {"manifest", FuzzManifest},
      {"ledger", FuzzLedger},
      {"journal", FuzzJournal},
      {"hash_state", FuzzHashState},
      {"statement", FuzzStatement},
      {"credential", FuzzCredential},
      {"roster", FuzzRoster},
      {"join_token", FuzzJoinToken},
      {"yaml", FuzzYaml},
      {"policy", FuzzPolicy},
      {"calendar", FuzzCalendar},
      {"trigger", FuzzTrigger},
      {"relay_config", FuzzRelayConfig},
      {"mhl", FuzzMhl},
      {"checkpoint", FuzzCheckpoint},
      {"proof", FuzzProof},
      {"key_set", FuzzKeySet},
      {"id_token", FuzzIdToken},
  };
  return kTargets;
}

}  // namespace crossdock::fuzz
