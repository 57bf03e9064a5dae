// crossdock policy replay|shadow: what a candidate would have said, and what it says beside the version in force.
#include <charconv>
#include <ostream>

#include "cli/policy_file.h"
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::PolicyService;

constexpr int kReplaySeconds = 300;

struct Options {
  std::string file;
  std::string client;
  std::string since = "30d";
  int examples = 10;
  bool off = false;
};

// "30d", "12h", or an instant.
absl::StatusOr<base::Instant> SinceOf(const std::string& text, base::Instant now) {
  int amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (error == std::errc() && amount >= 0 && unit == "d") return now - std::chrono::days(amount);
  if (error == std::errc() && amount >= 0 && unit == "h") return now - std::chrono::hours(amount);
  const absl::StatusOr<base::Instant> instant = base::ParseInstant(text);
  if (instant.ok()) return instant;
  return base::InvalidArgument("'", text, "' is no time; write days or hours back, as in 30d, or 2026-06-05T17:00:00Z");
}

std::string_view English(std::string_view kind) {
  if (kind == "newly_allowed") return "newly allowed";
  if (kind == "newly_refused") return "newly refused";
  if (kind == "looser") return "less strict, not allowed";
  if (kind == "stricter") return "stricter, was not allowed";
  if (kind == "undecidable") return "cannot be decided by what was kept";
  return kind;
}

template <typename Response>
void PrintProspects(const Response& response, std::ostream& out) {
  for (const auto& count : response.counts()) out << count.count() << " " << English(count.kind()) << "\n";
  for (const auto& example : response.examples()) {
    out << "\n"
        << English(example.kind()) << ": " << Shown(example.transfer()) << ", decided " << ShowTime(example.at())
        << "\n  was " << example.before();
    if (!example.after().empty()) out << ", would be " << example.after();
    if (!example.why().empty()) out << ": " << Shown(example.why());
    out << "\n";
  }
}

absl::Status Replay(const Options& options, Context& context) {
  v1::ReplayPolicyRequest request;
  RETURN_IF_ERROR(HandIn(options.file, request));
  ASSIGN_OR_RETURN(const base::Instant since, SinceOf(options.since, context.clock.Now()));
  request.mutable_since()->set_seconds(std::chrono::floor<std::chrono::seconds>(since).time_since_epoch().count());
  request.set_examples(options.examples);
  ConnectionFlags connection = context.connection;
  connection.timeout_seconds = std::max(connection.timeout_seconds, kReplaySeconds);
  ASSIGN_OR_RETURN(const auto stub, StubOf<PolicyService>(context));
  ASSIGN_OR_RETURN(const v1::ReplayPolicyResponse response,
                   Call(connection, *stub, &PolicyService::Stub::ReplayPolicy, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    context.out << response.decisions() << " decisions since " << base::FormatSeconds(since) << " by "
                << response.digest() << "\n";
    PrintProspects(response, context.out);
    if (!response.complete()) context.out << "INCOMPLETE: there are more decisions than are looked at; say --since\n";
  }
  const bool allows = std::any_of(response.counts().begin(), response.counts().end(), [](const auto& count) {
    return count.kind() == "newly_allowed" && count.count() > 0;
  });
  if (allows) return Negative();
  return response.complete() ? absl::OkStatus() : Incomplete();
}

absl::Status ShowShadow(const Options& options, Context& context) {
  v1::GetShadowPolicyRequest request;
  request.set_client(options.client);
  request.set_examples(options.examples);
  return CallAndPrint<PolicyService>(
      context, &PolicyService::Stub::GetShadowPolicy, request, [&](const auto& response) {
        context.out << response.digest() << " of " << Shown(response.author()) << " runs in the shadow since "
                    << ShowTime(response.started()) << "; " << response.decisions() << " decisions since\n";
        if (response.counts().empty()) context.out << "no difference\n";
        PrintProspects(response, context.out);
      });
}

absl::Status Shadow(const Options& options, Context& context) {
  if (options.file.empty() && options.client.empty()) {
    return base::InvalidArgument("name a candidate's file to start, or --client to see or end (--off) its shadow");
  }
  if (options.file.empty() && !options.off) return ShowShadow(options, context);
  v1::SetShadowPolicyRequest request;
  request.set_client(options.client);
  if (!options.off) {
    RETURN_IF_ERROR(HandIn(options.file, request));
  }
  return CallAndPrint<PolicyService>(
      context, &PolicyService::Stub::SetShadowPolicy, request, [&](const auto& response) {
        if (options.off) {
          context.out << "no candidate runs in the shadow of " << Shown(options.client) << " any more\n";
        } else {
          context.out << "in the shadow: " << response.digest()
                      << "\nit decides nothing; see crossdock policy shadow --client\n";
        }
      });
}

}  // namespace

void AddPolicyReplay(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* replay =
      AddVerb(noun, context, options, "replay", "what a candidate would have said of past decisions", Replay);
  replay->add_option("file", options->file, "the candidate (YAML)")->required();
  replay->add_option("--since", options->since, "how far back: 30d, 12h, or a time (30d)");
  replay->add_option("--examples", options->examples, "of each kind (10)");
  CLI::App* shadow = AddVerb(noun, context, options, "shadow",
                             "ask a candidate beside the version in force; see what it says otherwise", Shadow);
  shadow->add_option("file", options->file, "the candidate (YAML)");
  shadow->add_option("--client", options->client, "whose shadow to see, or to end");
  shadow->add_flag("--off", options->off, "end it");
  shadow->add_option("--examples", options->examples, "of each kind (10)");
}

}  // namespace crossdock::cli
