// How a noun joins the program: one file a noun, one function that adds its verbs to the command line. A verb, once
// parsed, leaves what is to be run; main runs it and turns its Status into words and an exit code (cli/README.md).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "cli/connection.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"

namespace crossdock::cli {

// What every verb may use. Owned by main; outlives all verbs.
struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const base::Clock& clock;
  base::Random& random;
  bool json = false;  // --json: one document for programs
  ConnectionFlags connection;
  // Set by the verb that was named.
  std::function<absl::Status()> run;
};

// An OK result that is still no "yes": findings, a denial, a failed test. Exit code 1, nothing more is printed.
absl::Status Negative();
// Likewise an answer that says itself that it is not whole. Exit code 3.
absl::Status Incomplete();

// Every noun (nouns.cc).
void AddNouns(CLI::App& app, Context& context);

// Nouns whose verbs all call an orchestrator.
void AddTransfer(CLI::App& app, Context& context);
void AddApproval(CLI::App& app, Context& context);
void AddApprovalGiven(CLI::App& approval, Context& context);
void AddApprovalDelegate(CLI::App& approval, Context& context);
void AddBreakGlass(CLI::App& app, Context& context);
void AddEvent(CLI::App& app, Context& context);
void AddTrigger(CLI::App& app, Context& context);
void AddSite(CLI::App& app, Context& context);  // site, link
void AddAudit(CLI::App& app, Context& context);
void AddAuditFeed(CLI::App& audit, Context& context);
void AddAuditCustody(CLI::App& audit, Context& context);
void AddAuditPacks(CLI::App& audit, Context& context);  // its verbs export, prove, verify
void AddToken(CLI::App& app, Context& context);
void AddRole(CLI::App& app, Context& context);
void AddAccessReview(CLI::App& app, Context& context);
// Keys, certificates and what people sign: no orchestrator needed.
void AddLogin(CLI::App& app, Context& context);
void AddOfficer(CLI::App& app, Context& context);  // officer, key
void AddCa(CLI::App& app, Context& context);
void AddPolicyOffline(CLI::App& policy, Context& context);
void AddPolicyDiff(CLI::App& policy, Context& context);
void AddAgentOffline(CLI::App& agent, Context& context);
void AddRelayOffline(CLI::App& relay, Context& context);
void AddRosterOffline(CLI::App& roster, Context& context);
void AddRosterEdit(CLI::App& roster, Context& context);
// The online verbs of nouns that have offline ones too; nouns.cc makes the noun and adds both kinds.
void AddPolicyOnline(CLI::App& policy, Context& context);
void AddPolicyLife(CLI::App& policy, Context& context);
void AddPolicyReplay(CLI::App& policy, Context& context);
void AddAgentOnline(CLI::App& agent, Context& context);
void AddRelayOnline(CLI::App& relay, Context& context);
void AddRosterOnline(CLI::App& roster, Context& context);

// Registers a signed grant: `agent grant --register` calls it after making one.
absl::Status RegisterGrantText(const std::string& grant, Context& context);

// Runs the program on `arguments` (without its name). Gives the exit code.
int Run(int argc, const char* const* argv, Context& context);

}  // namespace crossdock::cli
