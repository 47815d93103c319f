// tests/testing/fake_server_main.cc
// assay-fake-server: the server without a model, for trying clients and signals. Takes
// assay-server's flags; those of the model do nothing. A score is a hash of its conversation. Where
// ASSAY_FAKE_GATE names a FIFO, the first forward pass after the warm-up waits until someone opens
// it for writing.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "server/serve.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"

namespace assay::testing {
namespace {

class GatedScorer : public FakeScorer {
 public:
  explicit GatedScorer(std::string fifo) : fifo_(std::move(fifo)) {}

  std::vector<absl::StatusOr<RewardScore>> ScoreBatch(
      absl::Span<const PromptGroup> groups) override {
    // Opening a FIFO for reading waits for its writer.
    if (++batches_ == 2 && !fifo_.empty()) std::ifstream(fifo_).get();
    return FakeScorer::ScoreBatch(groups);
  }

 private:
  const std::string fifo_;
  int batches_ = 0;
};

absl::StatusOr<ServedModel> LoadFake(const ModelOptions& options, const ServerOptions& /*server*/) {
  const char* gate = std::getenv("ASSAY_FAKE_GATE");
  ServedModel model;
  model.info = FakeModelInfo();
  if (!options.name.empty()) model.info.name = options.name;
  model.encoder = std::make_unique<FakeEncoder>(model.info.max_tokens);
  model.scorers.push_back(std::make_unique<GatedScorer>(gate == nullptr ? "" : gate));
  return model;
}

}  // namespace
}  // namespace assay::testing

int main(int argc, char** argv) {
  return assay::ServeUntilStopped(argc, argv, assay::testing::LoadFake);
}
