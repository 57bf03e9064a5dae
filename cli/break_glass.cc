// crossdock break-glass show|ask|sign|review|list: two persons let one transfer go past the rules, a third reviews it.
//
// What is signed is computed here from what is shown (cli/manifest.h); the second signs what the first wrote, once it
// was held against that.
#include "lib/trust/break_glass.h"
#include "cli/manifest.h"
#include "cli/verb.h"
#include "crossdock/studio/v1/break_glass.grpc.pb.h"
#include "lib/base/encoding.h"
#include "lib/base/key_file.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::BreakGlassService;

constexpr size_t kNonceBytes = 16;
constexpr int kMinutesMax = std::chrono::minutes(trust::kBreakGlassMax).count();

struct Options {
  std::string transfer;
  std::string key;
  std::string approver;
  std::string second;
  std::string reason;
  std::string text;
  std::string client;
  int minutes = kMinutesMax;
  bool justified = false;
  bool unjustified = false;
  bool unreviewed = false;
  bool files = false;
  bool yes = false;
};

// What stands against a transfer, after our own look at what would move.
struct Asked {
  v1::BreakGlassSubject subject;
  Looked looked;
};

absl::StatusOr<Asked> Fetch(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<BreakGlassService>(context));
  v1::GetBreakGlassRequest request;
  request.set_transfer(options.transfer);
  ASSIGN_OR_RETURN(auto response, Call(context.connection, *stub, &BreakGlassService::Stub::GetBreakGlass, request));
  Asked asked;
  asked.subject = std::move(*response.mutable_break_glass());
  ASSIGN_OR_RETURN(const auto manifests, StubOf<v1::ApprovalService>(context));
  ASSIGN_OR_RETURN(asked.looked,
                   LookAt(*manifests, asked.subject.transfer(), asked.subject.manifest_chunks(), context));
  return asked;
}

void Print(const Asked& asked, bool files, Context& context) {
  const v1::BreakGlassSubject& subject = asked.subject;
  const v1::Transfer& transfer = subject.transfer();
  const wire::Manifest& manifest = asked.looked.manifest;
  Table table({"transfer", transfer.transfer()});
  table.Add({"client", transfer.entity().client()});
  table.Add({"project", transfer.entity().project()});
  table.Add({"what", Words({transfer.entity().name(), transfer.entity().version()})});
  table.Add({"classification", subject.classification()});
  table.Add({"from", subject.source() + "/" + transfer.path()});
  table.Add({"to", subject.destination() + "/" + transfer.destination_path()});
  table.Add({"size", base::StrCat(manifest.files(), " files, ", ShowBytes(manifest.bytes()))});
  table.Add({"listing", asked.looked.listing + " (computed here)"});
  table.Add({"policy", subject.policy_digest()});
  table.Add({"may sign", subject.from().empty() ? "nobody" : "two of " + Join(subject.from())});
  table.Add({"told at once", Join(subject.notify())});
  table.Print(context.out);
  for (const std::string& line : subject.against()) context.out << "  against it: " << Shown(line) << '\n';
  if (!subject.refusal().empty()) {
    context.out << "  it cannot be lifted: " << Shown(subject.refusal()) << ", " << Shown(subject.refusal_detail())
                << '\n';
  }
  if (files) PrintFiles(manifest, context);
}

absl::Status Show(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const Asked asked, Fetch(options, context));
  if (context.json) {
    context.out << ToJson(asked.subject) << '\n';
  } else {
    Print(asked, options.files, context);
  }
  return absl::OkStatus();
}

// What any statement over this transfer must say now, the persons', times' and words' fields open.
trust::BreakGlass AboutTransfer(const Asked& asked) {
  const v1::Transfer& transfer = asked.subject.transfer();
  trust::Binding binding;
  binding.transfer = transfer.transfer();
  binding.client = transfer.entity().client();
  binding.project = transfer.entity().project();
  binding.listing = asked.looked.listing;
  binding.files = asked.looked.manifest.files();
  binding.bytes = asked.looked.manifest.bytes();
  binding.source = asked.subject.source();
  binding.destination = asked.subject.destination();
  binding.classification = asked.subject.classification();
  binding.policy = asked.subject.policy_digest();
  return trust::BreakGlassFor(binding);
}

absl::Status CheckLiftable(const Asked& asked) {
  if (asked.subject.refusal().empty()) return absl::OkStatus();
  return base::WithReason(base::FailedPrecondition(Shown(asked.subject.refusal_detail())),
                          Shown(asked.subject.refusal()));
}

absl::Status Submit(const std::string& statement, const Asked& asked, const char* done, const Options& options,
                    Context& context) {
  if (!options.yes) {
    if (!context.json) Print(asked, true, context);
    RETURN_IF_ERROR(ConfirmSigning(statement, context));
  }
  v1::SubmitBreakGlassRequest request;
  request.set_transfer(options.transfer);
  request.set_statement(statement);
  return CallAndPrint<BreakGlassService>(context, &BreakGlassService::Stub::SubmitBreakGlass, request,
                                         [&](const v1::SubmitBreakGlassResponse& response) {
                                           context.out << done << ": " << response.transfer().transfer() << " "
                                                       << StateName(response.transfer().state()) << '\n';
                                         });
}

absl::Status Ask(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const Asked asked, Fetch(options, context));
  RETURN_IF_ERROR(CheckLiftable(asked));
  trust::BreakGlass statement = AboutTransfer(asked);
  statement.reason = options.reason;
  statement.not_before = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  statement.not_after = statement.not_before + std::chrono::minutes(options.minutes);
  statement.first = options.approver;
  statement.second = options.second;
  statement.nonce = base::ToHex(context.random.Bytes(kNonceBytes));
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(statement));
  return Submit(trust::SignedStatement::Sign(text, key).Format(), asked, "asked; nothing moves until the second signs",
                options, context);
}

absl::StatusOr<v1::ListBreakGlassResponse> FetchAll(const Options& options, Context& context) {
  v1::ListBreakGlassRequest request;
  request.set_client(options.client);
  request.set_transfer(options.transfer);
  request.set_unreviewed(options.unreviewed);
  return ListAll<BreakGlassService>(
      context, &BreakGlassService::Stub::ListBreakGlass, request,
      [](auto& page, auto& sum) { sum.mutable_break_glass()->MergeFrom(page.break_glass()); });
}

absl::Status Unknown(const Options& options, const char* what) {
  return base::WithReason(
      base::NotFound("no break-glass over ", Shown(options.transfer), " ", what, "; see `crossdock break-glass list`"),
      "BREAK_GLASS_UNKNOWN");
}

// The newest that waits for this person.
absl::StatusOr<std::string> FindAsked(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto all, FetchAll(options, context));
  for (const v1::BreakGlass& glass : all.break_glass())
    if (!glass.has_broken() && glass.second() == options.approver) return glass.statement();
  return Unknown(options, "waits for your signature");
}

// What the first wrote must be what we would have written ourselves, but for what is theirs to say.
absl::Status CheckSame(const trust::BreakGlass& said, const Asked& asked) {
  trust::BreakGlass own = AboutTransfer(asked);
  own.reason = said.reason;
  own.not_before = said.not_before;
  own.not_after = said.not_after;
  own.first = said.first;
  own.second = said.second;
  own.nonce = said.nonce;
  ASSIGN_OR_RETURN(const std::string expected, trust::Encode(own));
  ASSIGN_OR_RETURN(const std::string given, trust::Encode(said));
  if (expected == given) return absl::OkStatus();
  return base::WithReason(
      base::FailedPrecondition("what ", Shown(said.first),
                               " signed is not what would move now: do not sign; let them ask again"),
      "BREAK_GLASS_DIFFERS");
}

absl::Status Sign(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const std::string waiting, FindAsked(options, context));
  ASSIGN_OR_RETURN(trust::SignedStatement statement, trust::SignedStatement::Parse(waiting));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::BreakGlass>(statement.statement()));
  ASSIGN_OR_RETURN(const Asked asked, Fetch(options, context));
  RETURN_IF_ERROR(CheckLiftable(asked));
  RETURN_IF_ERROR(CheckSame(said, asked));
  RETURN_IF_ERROR(statement.AddSignature(key));
  return Submit(statement.Format(), asked, "the glass is broken", options, context);
}

absl::Status Review(const Options& options, Context& context) {
  if (options.justified == options.unjustified) {
    return base::WithReason(base::InvalidArgument("say what you found: --justified or --unjustified"), "USAGE_INVALID");
  }
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const auto all, FetchAll(options, context));
  const v1::BreakGlass* open = nullptr;
  for (const v1::BreakGlass& glass : all.break_glass())
    if (glass.has_broken() && !glass.has_reviewed()) open = &glass;  // the oldest
  if (open == nullptr) return Unknown(options, "waits for a review");
  trust::BreakGlassReview review;
  review.transfer = open->transfer();
  review.client = open->client();
  ASSIGN_OR_RETURN(review.break_glass, trust::StatementDigest(open->statement()));
  review.justified = options.justified;
  review.text = options.text;
  review.reviewed = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  review.reviewer = options.approver;
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(review));
  const std::string statement = trust::SignedStatement::Sign(text, key).Format();
  if (!options.yes) {
    context.err << "\nThis was done:\n\n" << open->statement();
    RETURN_IF_ERROR(ConfirmSigning(statement, context));
  }
  v1::ReviewBreakGlassRequest request;
  request.set_transfer(options.transfer);
  request.set_statement(statement);
  return CallAndPrint<BreakGlassService>(
      context, &BreakGlassService::Stub::ReviewBreakGlass, request,
      [&](const v1::ReviewBreakGlassResponse&) { context.out << "reviewed: " << options.transfer << '\n'; });
}

std::string Standing(const v1::BreakGlass& glass) {
  if (!glass.has_broken()) return "waits for " + glass.second();
  if (glass.has_reviewed()) return base::StrCat(glass.verdict(), ", ", glass.reviewer(), ": ", glass.review());
  return base::StrCat(glass.review_overdue() ? "REVIEW OVERDUE since " : "review due by ",
                      ShowTime(glass.review_due()));
}

absl::Status List(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto all, FetchAll(options, context));
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"ASKED", "TRANSFER", "CLIENT", "FIRST", "SECOND", "UNTIL", "REASON", "NOW"});
  for (const v1::BreakGlass& glass : all.break_glass()) {
    table.Add({ShowTime(glass.asked()), glass.transfer(), glass.client(), glass.first(), glass.second(),
               ShowTime(glass.not_after()), glass.reason(), Standing(glass)});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

}  // namespace

void AddBreakGlass(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("break-glass", "an emergency: one transfer past the rules, by two persons")
                        ->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("transfer", options->transfer, "its id, t-…")->required();
    return added;
  };
  const auto signing = [&](const char* name, const char* help, auto run) {
    CLI::App* added = verb(name, help, run);
    added->add_option("--sign-with", options->key, "file with your approver's key (PEM, mode 0600)")->required();
    added->add_option("--approver", options->approver, "your name in the roster")->required();
    added->add_flag("--yes", options->yes, "do not ask again");
    return added;
  };
  verb("show", "what stands against a transfer, and who could lift it", Show)
      ->add_flag("--files", options->files, "with every file");
  CLI::App* ask = signing("ask", "sign first, and ask a second person", Ask);
  ask->add_option("--with", options->second, "the second person's name in the roster")->required();
  ask->add_option("--reason", options->reason, "why it cannot wait; everybody who is told reads it")->required();
  ask->add_option("--minutes", options->minutes, "for how long; 240 when not given")->check(CLI::Range(1, kMinutesMax));
  signing("sign", "sign second: the transfer goes at once, and whom the policy names is told", Sign);
  CLI::App* review = signing("review", "say afterwards whether it was justified: neither of the two can", Review);
  review->add_flag("--justified", options->justified, "it was");
  review->add_flag("--unjustified", options->unjustified, "it was not");
  review->add_option("--text", options->text, "what you found; the auditor reads it")->required();
  CLI::App* list = AddVerb(noun, context, options, "list", "what was asked, broken and reviewed, newest first", List);
  list->add_option("--transfer", options->transfer, "over this transfer only");
  list->add_option("--client", options->client, "of this client only");
  list->add_flag("--unreviewed", options->unreviewed, "what waits for a review");
}

}  // namespace crossdock::cli
