#include "tests/unit/cli/desk.h"

namespace crossdock::cli {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

TEST_CASE("an unknown command is named, with those that there are and the nearest", "[cli]") {
  Desk desk;
  const Result noun = desk.Run({"rooster", "check"});
  CHECK(noun.code == 2);
  CHECK_THAT(noun.err, StartsWith("crossdock: no command 'rooster'; there are: transfer, approval, "));
  CHECK_THAT(noun.err, Contains("did you mean 'roster'?"));
  const Result verb = desk.Run({"transfer", "expain"});
  CHECK(verb.code == 2);
  CHECK_THAT(verb.err, StartsWith("crossdock: no command 'transfer expain'; there are: list, show, explain, "));
  CHECK_THAT(verb.err, Contains("did you mean 'explain'?"));
  CHECK_THAT(desk.Run({"transfer", "nonsense"}).err, !Contains("did you mean"));
}

TEST_CASE("a flag and its value before the command do not hide what is wrong with it", "[cli]") {
  Desk desk;
  CHECK_THAT(desk.Run({"--server", "h:1", "--json", "link", "sett"}).err, Contains("no command 'link sett'"));
  CHECK_THAT(desk.Run({"--server=h:1", "link", "sett"}).err, Contains("no command 'link sett'"));
}

TEST_CASE("a command that is missing is asked for, where it is missing", "[cli]") {
  Desk desk;
  const Result verb = desk.Run({"key"});
  CHECK(verb.code == 2);
  CHECK(verb.err ==
        "crossdock: a command is missing after 'crossdock key'; there are: create, show, register "
        "[COMMAND_MISSING]\n");
  CHECK_THAT(desk.Run({}).err, Contains("a command is missing after 'crossdock'; there are: transfer"));
}

TEST_CASE("an unknown option is named, with those of its verb and of the program", "[cli]") {
  Desk desk;
  const Result wrong = desk.Run({"roster", "sign", "r.yaml", "--sgin-with", "k", "--out", "o"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, StartsWith("crossdock: no option '--sgin-with'; there are: --help, --sign-with, --out, "));
  CHECK_THAT(wrong.err, Contains("--json") && EndsWith("did you mean '--sign-with'? [OPTION_UNKNOWN]\n"));
  const Result missing = desk.Run({"roster", "sign", "r.yaml", "--sign-with", "k"});
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, Contains("--out is required; crossdock roster sign --help"));
}

TEST_CASE("words of the command line do not reach the terminal as they are", "[cli]") {
  Desk desk;
  CHECK_THAT(desk.Run({"ro\x1b[2Jster"}).err, StartsWith("crossdock: no command 'ro%1B[2Jster'"));
}

}  // namespace
}  // namespace crossdock::cli
