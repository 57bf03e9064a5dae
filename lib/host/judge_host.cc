#include "lib/base/strings.h"
#include "lib/host/judgement.h"

namespace crossdock::host {
namespace {

using base::StrCat;

constexpr uint64_t kKiB = 1024;
// What a relay asks for: the largest pipe while there are few pairs, and with more pairs smaller ones, so that this
// much is enough for most of them (relay/pump.h).
constexpr uint64_t kPipeSize = 1024 * kKiB;
constexpr uint64_t kAllPipes = 48 * 1024 * kKiB;

Finding JudgePipes(const Facts& facts) {
  const std::string name = "pipes";
  if (!facts.pipe_size_max || !facts.pipe_user_pages_soft) return Fine(name, "not to be seen");
  const std::string cost = "about half as much processor time again for each byte, and so the top speed";
  if (*facts.pipe_size_max < kPipeSize)
    return {Verdict::kWarning,
            name,
            StrCat("at most ", *facts.pipe_size_max / kKiB, " KiB each"),
            StrCat(kPipeSize / kKiB, " KiB"),
            cost,
            StrCat("sysctl -w fs.pipe-max-size=", kPipeSize)};
  const uint64_t pages = *facts.pipe_user_pages_soft;
  const uint64_t wanted = kAllPipes / facts.page_size;
  if (pages != 0 && pages < wanted)
    return {Verdict::kWarning,
            name,
            StrCat("an ordinary user's together at most ", pages * facts.page_size / kKiB, " KiB"),
            StrCat(kAllPipes / kKiB, " KiB"),
            StrCat(cost, ": the pipes beyond have 8 KiB"),
            StrCat("sysctl -w fs.pipe-user-pages-soft=", 16384 * 4096 / facts.page_size)};
  return Fine(name, StrCat("up to ", *facts.pipe_size_max / kKiB, " KiB each, ",
                           pages == 0 ? "without a bound for all"
                                      : StrCat(pages * facts.page_size / kKiB / kKiB, " MiB in all")));
}

Finding JudgeOpenFiles(const Facts& facts, const Demands& demands) {
  const std::string name = "open files";
  if (!facts.open_files_max) return Fine(name, "not to be seen");
  const uint64_t limit = *facts.open_files_max;
  const std::string found = limit > (uint64_t{1} << 40) ? "no limit" : StrCat("at most ", limit);
  if (limit >= demands.open_files) return Fine(name, found);
  return {limit < demands.open_files_least ? Verdict::kProblem : Verdict::kWarning,
          name,
          StrCat(found, " in this shell"),
          StrCat(demands.open_files, ", for all that the configuration's limits allow"),
          "connections beyond are turned away",
          StrCat("LimitNOFILE=", demands.open_files, " under [Service] of the program's unit (ulimit -Hn in a shell)")};
}

Finding JudgeClock(const Facts& facts) {
  const std::string name = "clock";
  if (!facts.clock_synchronised) return Fine(name, "not to be seen");
  const int64_t error_ms = facts.clock_error_max.count() / 1000;
  if (*facts.clock_synchronised) return Fine(name, StrCat("synchronised, to ", error_ms, " ms at worst"));
  return {Verdict::kWarning,
          name,
          "the kernel has not heard of a time source",
          "synchronised",
          "nothing until it is 30 s off: then tickets are refused and transfers are held (CLOCK_SKEW)",
          "apt-get install chrony"};
}

Finding JudgeAes(const Facts& facts) {
  const std::string name = "AES";
  if (!facts.aes_instructions) return Fine(name, "not to be seen");
  if (*facts.aes_instructions) return Fine(name, "the processor has instructions for it");
  return {Verdict::kProblem,
          name,
          "the processor lacks the instructions, or the virtual machine hides them",
          "instructions for AES",
          "all content is encrypted in software: a tenth of the speed and less",
          "give the virtual machine its host's processor model (libvirt: <cpu mode='host-passthrough'/>)"};
}

}  // namespace

std::vector<Finding> JudgeHost(const Facts& facts, const Demands& demands) {
  std::vector<Finding> findings;
  if (demands.splices) findings.push_back(JudgePipes(facts));
  findings.push_back(JudgeOpenFiles(facts, demands));
  findings.push_back(JudgeClock(facts));
  if (demands.encrypts_content) findings.push_back(JudgeAes(facts));
  return findings;
}

std::vector<Finding> Judge(const Facts& facts, const Demands& demands) {
  std::vector<Finding> findings = JudgeNetwork(facts, demands);
  for (Finding& each : JudgeHost(facts, demands)) findings.push_back(std::move(each));
  return findings;
}

}  // namespace crossdock::host
