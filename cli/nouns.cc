// The table of contents of the program: every noun, in the order in which --help shows them.
#include "cli/command.h"
#include "cli/mhl.h"

namespace crossdock::cli {

void AddNouns(CLI::App& app, Context& context) {
  AddTransfer(app, context);
  AddApproval(app, context);
  AddBreakGlass(app, context);
  AddEvent(app, context);
  CLI::App* policy = app.add_subcommand("policy", "a client's rules")->require_subcommand(1);
  AddPolicyOffline(*policy, context);
  AddPolicyDiff(*policy, context);
  AddPolicyOnline(*policy, context);
  AddPolicyLife(*policy, context);
  AddPolicyReplay(*policy, context);
  AddTrigger(app, context);
  AddSite(app, context);
  CLI::App* agent = app.add_subcommand("agent", "the hosts that move content")->require_subcommand(1);
  AddAgentOffline(*agent, context);
  AddAgentOnline(*agent, context);
  CLI::App* relay = app.add_subcommand("relay", "the hosts in the sites' DMZs")->require_subcommand(1);
  AddRelayOffline(*relay, context);
  AddRelayOnline(*relay, context);
  CLI::App* roster = app.add_subcommand("roster", "the officers' signed list of who belongs")->require_subcommand(1);
  AddRosterOffline(*roster, context);
  AddRosterEdit(*roster, context);
  AddRosterOnline(*roster, context);
  AddMhl(app, context);
  AddAudit(app, context);
  AddToken(app, context);
  AddRole(app, context);
  AddAccessReview(app, context);
  AddLogin(app, context);
  AddOfficer(app, context);
  AddCa(app, context);
}

}  // namespace crossdock::cli
