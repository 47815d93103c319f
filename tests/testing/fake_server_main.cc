// tests/testing/fake_server_main.cc
// assay-fake-server: the server without a model, for trying clients, signals and loads. Takes
// assay-server's flags; those of the model do nothing. A score is a hash of its conversation
// (fake_scorer.h). The environment makes the device, see paced_scorer.h:
//   ASSAY_FAKE_TOKENS_PER_SECOND  of each worker; unset: passes take no time
//   ASSAY_FAKE_WORKERS            1 unless set
//   ASSAY_FAKE_MEMORY_GROUPS      a larger pass is out of memory
//   ASSAY_FAKE_BREAK_AFTER        passes after which each device has failed for good
//   ASSAY_FAKE_LEAK_BYTES         lost for every request: for a leak test to find
//   ASSAY_FAKE_GATE               a FIFO for which the first pass waits
//   ASSAY_FAKE_REPORT             a file that is written when the server has stopped: the number of
//                                 requests scored whose prompt begins with '#'
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/serve.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/paced_scorer.h"

namespace assay::testing {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<double> Number(const char* name, double otherwise) {
  const std::string text = Environment(name);
  double value = otherwise;
  if (text.empty() || (absl::SimpleAtod(text, &value) && value >= 0 && value <= 1e12)) return value;
  return absl::InvalidArgumentError(absl::StrCat(name, " is not a number from 0 to 1e12"));
}

// Adds what its devices counted to the report when the server lets go of it.
class ReportingScorer : public PacedScorer {
 public:
  using PacedScorer::PacedScorer;
  ~ReportingScorer() override {
    static int64_t total = 0;  // Scorers are destroyed one after another.
    total += counted();
    if (const std::string path = Environment("ASSAY_FAKE_REPORT"); !path.empty()) {
      std::ofstream(path) << total << "\n";
    }
  }
};

absl::StatusOr<ServedModel> LoadFake(const ModelOptions& options, const ServerOptions& /*server*/) {
  ASSAY_ASSIGN_OR_RETURN(const double speed, Number("ASSAY_FAKE_TOKENS_PER_SECOND", 0));
  ASSAY_ASSIGN_OR_RETURN(const double workers, Number("ASSAY_FAKE_WORKERS", 1));
  ASSAY_ASSIGN_OR_RETURN(const double memory_groups, Number("ASSAY_FAKE_MEMORY_GROUPS", 0));
  ASSAY_ASSIGN_OR_RETURN(const double leak_bytes, Number("ASSAY_FAKE_LEAK_BYTES", 0));
  ASSAY_ASSIGN_OR_RETURN(const double break_after, Number("ASSAY_FAKE_BREAK_AFTER", 0));
  ServedModel model;
  model.info = FakeModelInfo();
  if (!options.name.empty()) model.info.name = options.name;
  model.encoder = std::make_unique<FakeEncoder>(model.info.max_tokens);
  for (int i = 0; i < static_cast<int>(workers); ++i) {
    model.scorers.push_back(std::make_unique<ReportingScorer>(
        PacedScorerOptions{.tokens_per_second = speed,
                           .leak_bytes = static_cast<int64_t>(leak_bytes),
                           .memory_groups = static_cast<int64_t>(memory_groups),
                           .break_after = static_cast<int64_t>(break_after),
                           .gate = Environment("ASSAY_FAKE_GATE")},
        Clock::Real()));
  }
  return model;
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  return assay::ServeUntilStopped(argc, argv, assay::testing::LoadFake);
}
