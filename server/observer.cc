#include "server/observer.h"

namespace assay {
namespace {

class SilentObserver : public Observer {
  void OnRequest(const RequestRecord& /*request*/) override {}
  void OnBatch(const BatchRecord& /*batch*/) override {}
  void OnRefusal(Refusal /*reason*/) override {}
  void OnDeadlineMissed(DeadlineStage /*stage*/) override {}
};

}  // namespace

Observer* Observer::Silent() {
  static SilentObserver silent;
  return &silent;
}

}  // namespace assay
