// server/fair_queue.h
// A queue that many tenants share evenly, by the cost of what they queue and not by its number:
// start-time fair queueing (Goyal, Vin and Cheng, 1996). Each tenant has a virtual time, which
// grows by the cost of what it is served; whoever is furthest behind is served next, and a tenant
// that comes back from idleness starts level with the others, owing what it took lately. So a
// tenant's first item goes ahead of another's thousands. Of one tenant's work, interactive items
// are served kInteractiveWeight times as fast as bulk ones while both wait; neither starves.
// Within a tenant's class, first come, first served. Decides nothing about what is queued.
#ifndef ASSAY_SERVER_FAIR_QUEUE_H_
#define ASSAY_SERVER_FAIR_QUEUE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "server/flow.h"

namespace assay {

// Not thread-safe: its owner's lock guards it. `Item` is movable.
template <typename Item>
class FairQueue {
 public:
  static constexpr double kInteractiveWeight = 8;

  // What to do with the item that is next.
  enum class Verdict {
    kTake,  // It leaves the queue, and its tenant pays for it.
    kDrop,  // It leaves the queue and counts as never queued.
    kPass,  // It stays first of its tenant, which is not asked again in this round.
    kStop,  // It stays, and the round ends.
  };

  // `cost` > 0.
  void Push(const Flow& flow, int64_t cost, Item item) {
    Class& line = Activate(flow, cost);
    line.items.push_back({cost, std::move(item)});
  }

  // As Push(), but first of its class: for what was taken and could not be done.
  void PushFront(const Flow& flow, int64_t cost, Item item) {
    Class& line = Activate(flow, cost);
    line.items.push_front({cost, std::move(item)});
  }

  // Offers items in fair order to `judge(Item&, cost) -> Verdict` until it stops or each tenant is
  // empty or passed; items that leave go to `take(Item)`.
  template <typename Judge, typename Take>
  void TakeRound(Judge judge, Take take) {
    ++round_;
    while (true) {
      const auto tenant = NextTenant();
      if (tenant == tenants_.end()) break;
      const size_t line = tenant->second.NextClass();
      Entry& entry = tenant->second.classes[line].items.front();
      const Verdict verdict = judge(entry.item, entry.cost);
      if (verdict == Verdict::kStop) break;
      if (verdict == Verdict::kPass) {
        tenant->second.passed_in = round_;
        continue;
      }
      Item item = std::move(entry.item);
      if (verdict == Verdict::kTake) Charge(tenant->second, line, entry.cost);
      Pop(tenant->second.classes[line]);
      take(std::move(item));
    }
    ForgetIdle();
  }

  // Gives the item that is next to `take(Item)`; nothing where there is none.
  template <typename Take>
  void TakeOne(Take take) {
    bool taken = false;
    TakeRound(
        [&taken](Item&, int64_t) {
          return std::exchange(taken, true) ? Verdict::kStop : Verdict::kTake;
        },
        take);
  }

  // Removes every item for which `dead(Item&)` holds and gives it to `take(Item)`. It counts as
  // never queued.
  template <typename Dead, typename Take>
  void RemoveIf(Dead dead, Take take) {
    for (auto& [name, tenant] : tenants_) {
      for (Class& line : tenant.classes) {
        std::deque<Entry> alive;
        for (Entry& entry : line.items) {
          if (!dead(entry.item)) {
            alive.push_back(std::move(entry));
            continue;
          }
          line.cost -= entry.cost;
          cost_ -= entry.cost;
          --size_;
          take(std::move(entry.item));
        }
        line.items = std::move(alive);
      }
    }
    ForgetIdle();
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  int64_t cost() const { return cost_; }

  // Whether an item of `tenant` that costs `cost` is one too many for a queue that should not hold
  // more than `limit`. Every tenant may queue its even share of the limit though others filled it,
  // up to twice the limit together; an empty queue takes any one item.
  bool IsFullFor(const std::string& tenant, int64_t cost, int64_t limit) const {
    if (empty() || cost_ + cost <= limit) return false;
    return cost_ + cost > 2 * limit || CostOf(tenant) + cost > limit / TenantsWith(tenant);
  }

  int64_t CostOf(const std::string& tenant) const {
    const auto found = tenants_.find(tenant);
    return found == tenants_.end() ? 0 : found->second.cost();
  }

  // Tenants that have something queued, `with` counted in any case.
  int64_t TenantsWith(const std::string& with) const {
    int64_t count = CostOf(with) > 0 ? 0 : 1;
    for (const auto& [name, tenant] : tenants_) count += tenant.cost() > 0 ? 1 : 0;
    return count;
  }

  // How much of what is queued would be served before an item of `flow` that cost `cost` and came
  // now, if nothing else came.
  int64_t CostAheadOf(const Flow& flow, int64_t cost) const {
    double own = 0;
    if (const auto found = tenants_.find(flow.tenant); found != tenants_.end()) {
      own = found->second.AheadOf(flow.priority, cost);
    }
    double ahead = own;
    for (const auto& [name, tenant] : tenants_) {
      if (name == flow.tenant) continue;
      ahead += std::min(static_cast<double>(tenant.cost()), own + static_cast<double>(cost));
    }
    return static_cast<int64_t>(std::min(ahead, static_cast<double>(cost_)));
  }

 private:
  // Debts of idle tenants are remembered up to this many tenants.
  static constexpr size_t kMostIdle = 4096;

  struct Entry {
    int64_t cost;
    Item item;
  };
  struct Class {
    std::deque<Entry> items;
    int64_t cost = 0;         // Sum over items.
    double virtual_time = 0;  // Within its tenant.
  };
  struct Tenant {
    std::array<Class, 2> classes;  // By Priority.
    double virtual_time = 0;
    double class_time = 0;   // Of the class served last.
    uint64_t passed_in = 0;  // The round in which it passed.

    int64_t cost() const { return classes[0].cost + classes[1].cost; }
    bool idle() const { return classes[0].items.empty() && classes[1].items.empty(); }

    size_t NextClass() const {
      if (classes[0].items.empty()) return 1;
      if (classes[1].items.empty()) return 0;
      return classes[0].virtual_time <= classes[1].virtual_time ? 0 : 1;
    }

    double AheadOf(Priority priority, int64_t cost) const {
      const size_t own = IndexOf(priority);
      const double until = static_cast<double>(classes[own].cost + cost);
      const double pace = WeightOf(1 - own) / WeightOf(own);
      return static_cast<double>(classes[own].cost) +
             std::min(static_cast<double>(classes[1 - own].cost), until * pace);
    }
  };

  static size_t IndexOf(Priority priority) { return priority == Priority::kInteractive ? 0 : 1; }
  static double WeightOf(size_t index) { return index == 0 ? kInteractiveWeight : 1; }

  Class& Activate(const Flow& flow, int64_t cost) {
    Tenant& tenant = tenants_[flow.tenant];
    Class& line = tenant.classes[IndexOf(flow.priority)];
    if (tenant.idle()) tenant.virtual_time = std::max(tenant.virtual_time, now_);
    if (line.items.empty()) line.virtual_time = std::max(line.virtual_time, tenant.class_time);
    line.cost += cost;
    cost_ += cost;
    ++size_;
    return line;
  }

  void Charge(Tenant& tenant, size_t index, int64_t cost) {
    Class& line = tenant.classes[index];
    now_ = std::max(now_, tenant.virtual_time);
    tenant.class_time = std::max(tenant.class_time, line.virtual_time);
    tenant.virtual_time += static_cast<double>(cost);
    line.virtual_time += static_cast<double>(cost) / WeightOf(index);
  }

  void Pop(Class& line) {
    line.cost -= line.items.front().cost;
    cost_ -= line.items.front().cost;
    --size_;
    line.items.pop_front();
  }

  typename std::map<std::string, Tenant>::iterator NextTenant() {
    auto next = tenants_.end();
    for (auto it = tenants_.begin(); it != tenants_.end(); ++it) {
      if (it->second.idle() || it->second.passed_in == round_) continue;
      if (next == tenants_.end() || it->second.virtual_time < next->second.virtual_time) next = it;
    }
    return next;
  }

  // Of tenants without work, keeps those that owe something.
  void ForgetIdle() {
    const bool too_many = tenants_.size() > kMostIdle;
    for (auto it = tenants_.begin(); it != tenants_.end();) {
      const bool owes = it->second.virtual_time > now_;
      it = it->second.idle() && (!owes || too_many || empty()) ? tenants_.erase(it) : std::next(it);
    }
  }

  std::map<std::string, Tenant> tenants_;
  double now_ = 0;      // Virtual time of the tenant served last.
  uint64_t round_ = 0;  // Of TakeRound().
  int64_t cost_ = 0;    // Sum over all items.
  size_t size_ = 0;     // Number of all items.
};

}  // namespace assay

#endif  // ASSAY_SERVER_FAIR_QUEUE_H_
