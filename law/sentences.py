"""The Chinese sentence behind each reason: one pattern a code, outcome and variant.

A `Reason` keeps a code and numbers; the sentence is filled when it is read, and pages translate the pattern
before they fill it. A sentence says what was found, what is required and, where it can be computed, what
would change the result. It never blames a person. Nothing decides by a sentence, so wording may change
without a new rule version.
"""

from collections.abc import Mapping

PASS, FAIL, UNKNOWN = "PASS", "FAIL", "UNKNOWN"

PATTERNS: Mapping[tuple[str, str, str], str] = {
    # contributed months (SIL 45(1), 46)
    ("R01", PASS, ""): (
        "累计缴费 {months} 个月，满 {years} 年，达到 {minimum} 个月的要求，可领 {granted} 个月。"
    ),
    ("R01", PASS, "again"): (
        "上次核定后又缴费 {months} 个月，满 {years} 年，折 {earned} 个月，加上次剩余 {residual} 个月，"
        "可领 {granted} 个月（最长 {cap} 个月）。"
    ),
    ("R01", PASS, "resumed"): (
        "上次核定后缴费 {months} 个月，不满 {minimum} 个月，继续领取上次剩余的 {granted} 个月；"
        "新缴的月数保留。"
    ),
    ("R01", FAIL, ""): (
        "累计缴费 {months} 个月，要求 {minimum} 个月，还差 {lacking} 个月；"
        "已缴的月数保留，累计满了可以再申请。"
    ),
    ("R01", FAIL, "again"): (
        "上次核定后缴费 {months} 个月，要求 {minimum} 个月，还差 {lacking} 个月，也没有上次剩余的月数；"
        "已缴的月数保留，累计满了可以再申请。"
    ),
    ("R01", UNKNOWN, ""): "缴费月数还没有查到，查清后才能算出可领几个月。",
    # separation reason (SIL 45(2))
    ("R02", PASS, ""): "离职原因：{name}（{separation}），属于非因本人意愿中断就业。",
    ("R02", PASS, "hint"): "离职原因：{name}（{separation}），可以领取失业保险金。提示：{hint}。",
    ("R02", FAIL, ""): (
        "离职原因：{name}（{separation}），不属于非因本人意愿中断就业；有裁判文书或双方签字的证明，可以重新核定。"
    ),
    ("R02", UNKNOWN, ""): "离职原因还没有查到，需要人工核实。",
    ("R02", UNKNOWN, "disputed"): (
        "离职原因：{name}（{separation}），需要人工认定，依次采信裁判文书、双方签字的证明、单位申报、本人陈述。"
    ),
    # registration (SIL 45(3))
    ("registered", PASS, ""): "{registered_on} 已登记失业，并提出求职要求。",
    # employment and other stop grounds (SIL 51)
    ("R03", PASS, ""): "没有在职参保记录。",
    ("R03", FAIL, ""): "仍有在职参保记录，属于已就业；停保后可以再申请。",
    ("R03", UNKNOWN, ""): "在职参保情况还没有查到，需要人工核实。",
    ("licence_counts", PASS, ""): "没有经营中的营业执照。",
    ("licence_counts", PASS, "ignored"): "营业执照不影响领取。",
    ("licence_counts", FAIL, ""): "有经营中的营业执照，按已就业处理；注销或停业后可以再申请。",
    ("licence_counts", UNKNOWN, ""): "营业执照情况还没有查到，需要人工核实。",
    ("licence_counts", UNKNOWN, "operating"): (
        "有营业执照，是否实际经营需要人工核实；只是股东、没有参与经营的，不影响领取。"
    ),
    ("R04", PASS, ""): "没有领取养老保险待遇。",
    ("R04", FAIL, ""): "正在领取养老保险待遇，不能同时领取失业保险金。",
    ("R04", UNKNOWN, ""): "养老保险待遇领取情况还没有查到，需要人工核实。",
    ("R07", PASS, ""): "{age} 周岁，{retirement_month} 到法定退休年龄。",
    ("R07", PASS, "either"): (
        "{age} 周岁，未到法定退休年龄；按工人 {worker_month}、按干部 {cadre_month} 到龄。"
    ),
    ("R07", FAIL, "young"): "{age} 周岁，未满 {minimum_age} 周岁；{reached_on} 起符合年龄要求。",
    ("R07", FAIL, "retired"): "{age} 周岁，{reached_on} 已到法定退休年龄，请办理养老保险待遇。",
    ("R07", UNKNOWN, ""): (
        "{age} 周岁，按工人 {worker_month} 到龄、按干部 {cadre_month} 到龄，养老档案中的身份查明后才能认定。"
    ),
    # imprisonment (Regulation 15), death (SIL 49)
    ("R09", PASS, ""): "没有收监服刑记录。",
    ("R09", FAIL, ""): "正在收监服刑，期间不能领取；期满后可以再申请。",
    ("R09", UNKNOWN, ""): "服刑情况还没有查到，需要人工核实。",
    ("R11", PASS, ""): "生存状态正常。",
    ("R11", FAIL, ""): "登记为已去世；家属可以申领丧葬补助金和抚恤金。",
    ("R11", UNKNOWN, ""): "生存状态还没有查到，需要人工核实。",
    # competence (SIL 52), identity and double claims (Handling Regulation 26)
    ("R05", PASS, ""): "由本地经办。",
    ("R05", FAIL, ""): "最后参保地和户籍地都不由本机构经办，请到最后参保地申请。",
    ("R05", UNKNOWN, ""): "应由哪里经办还没有查清，需要人工核实。",
    ("R06", PASS, ""): "姓名和证件号码与登记一致。",
    ("R06", FAIL, ""): "姓名或证件号码与登记不一致；更正后可以再申请。",
    ("R06", UNKNOWN, ""): "身份还没有核实，需要人工核实。",
    ("R08", PASS, ""): "没有在其他地方领取失业保险金。",
    ("R08", FAIL, ""): "正在其他地方领取失业保险金，不能重复领取；那里停发后可以再申请。",
    ("R08", UNKNOWN, ""): "是否在其他地方领取还没有查到，需要人工核实。",
    # the account paid to: never decides
    ("card_account", PASS, ""): "社保卡金融账户可以收款。",
    ("card_account", PASS, "INACTIVE"): "社保卡金融账户还没有激活；不影响核定，发放前请先激活。",
    ("card_account", PASS, "CLOSED"): "社保卡金融账户已注销；不影响核定，发放前请换一个账户。",
    ("card_account", PASS, "NAME_DIFFERS"): "账户户名与本人不一致；不影响核定，发放前请更正或换一个账户。",
    ("card_account", PASS, "UNKNOWN"): "社保卡金融账户还没有查到；不影响核定，发放前再核对。",
}


def pattern(code: str, outcome: str, variant: str = "") -> str:
    """The pattern with `{name}` placeholders. Raises KeyError for a reason that has no sentence: a bug."""
    return PATTERNS[code, outcome, variant]
