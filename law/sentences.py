"""The Chinese sentence behind each reason: one pattern a code, outcome and variant.

A `Reason` keeps a code and numbers; the sentence is filled when it is read, and pages translate the pattern
before they fill it. A sentence says what was found, what is required and, where it can be computed, what
would change the result. It never blames a person. Nothing decides by a sentence, so wording may change
without a new rule version.
"""

from collections.abc import Mapping

PASS, FAIL, UNKNOWN = "PASS", "FAIL", "UNKNOWN"

BENEFIT_PATTERNS: Mapping[tuple[str, str, str], str] = {
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

CONTINUED_PATTERNS: Mapping[tuple[str, str, str], str] = {
    # an award of another system (SIL 46)
    ("T01", PASS, ""): (
        "{applied_on} 申请，原系统已核定 {granted} 个月（{first} 至 {last}），不超过 {cap} 个月。"
    ),
    ("T01", FAIL, ""): (
        "{applied_on} 申请，原系统核定 {granted} 个月（{first} 至 {last}），"
        "超过最长的 {cap} 个月，需要人工核实。"
    ),
    ("T02", PASS, ""): "原系统发到 {through}，还剩 {left} 个月，从 {first} 起续发。",
    ("T02", PASS, "unpaid"): "原系统还没有发过，{left} 个月都从 {first} 起发。",
    ("T02", FAIL, ""): "原系统已发到 {through}，没有剩余的月数。",
}

REFUND_PATTERNS: Mapping[tuple[str, str, str], str] = {
    # contributions of the base year
    ("Q1", PASS, ""): "基准年度足额缴费 {months} 个月，没有欠费。",
    ("Q1", FAIL, ""): "基准年度足额缴费 {months} 个月，要求 {minimum} 个月，还差 {lacking} 个月。",
    ("Q1", FAIL, "arrears"): "截止日有失业保险费欠费；补缴后可以再核。",
    ("Q1", UNKNOWN, ""): "基准年度缴费情况还没有查清，需要人工核实。",
    # layoff rate
    ("Q2", PASS, ""): (
        "新增领取失业保险金 {drew} 人，月均参保 {average} 人（全年合计 {sum} 人次），裁员率 {rate}%，"
        "不高于 {limit}%。"
    ),
    ("Q2", FAIL, ""): (
        "新增领取失业保险金 {drew} 人，月均参保 {average} 人（全年合计 {sum} 人次），裁员率 {rate}%，"
        "高于 {limit}%；不超过 {most} 人才符合。"
    ),
    ("Q2", UNKNOWN, ""): "新增领取失业保险金的人数还没有查到，裁员率算不出来。",
    ("Q2", UNKNOWN, "missing"): "缺 {missing} 个月的月末参保人数，裁员率算不出来。",
    ("Q2", UNKNOWN, "nobody"): "全年月末参保人数都是 0，裁员率算不出来。",
    # exclusions and the rectification gate
    ("Q3", PASS, ""): "不在不予返还的名单上，没有未整改的问题。",
    ("Q3", FAIL, ""): "列入：{lists}；移出名单后可以再核。",
    ("Q3", FAIL, "OPEN"): "检查发现的问题还没有整改；整改合格后可以返还。",
    ("Q3", FAIL, "FAILED"): "检查发现的问题整改不合格；整改合格后可以返还。",
    ("Q3", UNKNOWN, ""): "是否在不予返还的名单上还没有查到，需要人工核实。",
    # kind of unit
    ("Q4", PASS, ""): "单位类型：{kind}，在返还范围内。",
    ("Q4", FAIL, ""): "单位类型：{kind}，不在返还范围内。",
    # paid before
    ("Q6", PASS, ""): "本年度没有返还过。",
    ("Q6", PASS, "top_up"): "本年度已返还 {paid} 元，应返还 {refund} 元，补差额。",
    ("Q6", FAIL, ""): "本年度已返还 {paid} 元，不少于应返还的 {refund} 元。",
    ("Q6", UNKNOWN, ""): "本年度已返还 {paid} 元，应返还多少算清后再比较。",
    # ratio and amount
    ("rate", PASS, ""): "{size}企业，返还比例 {rate}%。",
    ("rate", PASS, "other"): "按月均参保人数，返还比例 {rate}%。",
    ("rate", UNKNOWN, ""): "企业划型还没有查到，返还比例定不下来。",
    ("rate", UNKNOWN, "other"): "返还比例定不下来，需要人工核实。",
    ("amount", PASS, ""): "基准年度实际缴费 {base} 元，应返还 {refund} 元。",
    ("amount", UNKNOWN, ""): "基准年度实际缴费还没有查到，返还金额算不出来。",
    ("amount", UNKNOWN, "rate"): "基准年度实际缴费 {base} 元，返还比例确定后才能算出金额。",
    ("amount", UNKNOWN, "split"): "基准年度实际缴费 {base} 元，要按用工单位拆分后才能算出金额。",
    ("amount", UNKNOWN, "nothing"): "基准年度实际缴费 {base} 元，应返还 0 元，需要人工核实。",
    # what a person looks at
    ("dispatch", UNKNOWN, ""): "劳务派遣单位不自动返还，需要申请，并按用工单位核定。",
    ("commitment", PASS, "VALID"): "按承诺书先按{size}企业返还，证明材料随后核验。",
    ("commitment", PASS, "BARRED"): "以前的承诺没有兑现，这次的承诺不生效，按登记的划型核定。",
    ("commitment", UNKNOWN, "CONTRADICTED"): (
        "承诺为{size}企业，与查到的数据不一致，需要人工核定；在此之前按登记的划型计算。"
    ),
}

SKILL_PATTERNS: Mapping[tuple[str, str, str], str] = {
    # who claims
    ("K1", PASS, ""): "累计缴费 {months} 个月，达到 {minimum} 个月的要求。",
    ("K1", FAIL, ""): "累计缴费 {months} 个月，要求 {minimum} 个月，还差 {lacking} 个月。",
    ("K1", UNKNOWN, ""): "缴费月数还没有查到，需要人工核实。",
    ("K1", PASS, "recipient"): "证书在领取失业保险金期间（{first} 至 {last}）取得。",
    ("K1", FAIL, "recipient"): "证书在 {issued} 取得，不在领取失业保险金期间（{first} 至 {last}）。",
    ("K1", UNKNOWN, "recipient"): "领取失业保险金的期间还没有查到，需要人工核实。",
    # the certificate
    ("K2", PASS, ""): "证书在全国联网查询系统中查到，等级为 {level} 级。",
    ("K2", FAIL, ""): "证书在全国联网查询系统中没有查到；请向发证机构查询登记后再申请。",
    ("K2", FAIL, "level"): "证书等级为 {level} 级，不在补贴范围内。",
    ("K2", UNKNOWN, "FOUND_DIFFERENT"): "查到的证书信息与填写的不一致，需要人工核实。",
    ("K2", UNKNOWN, "UNAVAILABLE"): "证书查询系统暂时查不到结果，需要人工核实。",
    ("certificate_number", PASS, ""): "证书编号与填写的内容没有矛盾。",
    ("certificate_number", UNKNOWN, "shape"): "证书编号不是技能等级证书的编号格式，需要人工核实。",
    ("certificate_number", UNKNOWN, "level"): "证书编号中的等级与填写的 {level} 级不一致，需要人工核实。",
    ("certificate_number", UNKNOWN, "year"): "证书编号中的年份与发证日期不一致，需要人工核实。",
    ("K3", PASS, ""): "证书 {issued} 核发，{last} 前申请有效。",
    ("K3", FAIL, ""): "证书 {issued} 核发，申请期限到 {last} 为止，已经过期。",
    ("K3", FAIL, "long_ago"): "证书 {issued} 核发，申请期限早已过去。",
    # paid before
    ("K4", PASS, ""): "同一职业的同级或更高等级没有领过补贴，也没有享受职业培训补贴。",
    ("K4", FAIL, ""): "同一职业的同级或更高等级已经领过补贴。",
    ("K4", FAIL, "training"): "同一证书已经享受职业培训补贴，不能重复享受。",
    ("K4", UNKNOWN, ""): "以前领过哪些补贴还没有查到，需要人工核实。",
    ("K4", UNKNOWN, "training"): "是否享受过职业培训补贴还没有查到，需要人工核实。",
    ("K5", PASS, ""): "今年已领 {paid} 次，还有名额（每年 {ordinary} 次，急需紧缺职业另加 {urgent} 次）。",
    (
        "K5",
        FAIL,
        "",
    ): "今年已领 {paid} 次，名额用完（每年 {ordinary} 次，急需紧缺职业另加 {urgent} 次）；明年可以再申请。",
    # certificate matches post
    ("K6", PASS, ""): "证书职业 {certificate} 与岗位职业 {post} 一致。",
    ("K6", FAIL, ""): "证书职业 {certificate} 与岗位职业 {post} 不相关；岗位职责另有说明的，可以提交后再核。",
    ("K6", UNKNOWN, "no_post"): "岗位的职业还不知道，请单位或本人确认。",
    (
        "K6",
        UNKNOWN,
        "rule3",
    ): "证书职业 {certificate} 与岗位职业 {post} 属于同一小类，很可能相关，需要人工认定。",
    ("K6", UNKNOWN, "rule4"): "证书职业 {certificate} 与岗位职业 {post} 属于同一中类，是否相关需要人工认定。",
}

EXPANSION_PATTERNS: Mapping[tuple[str, str, str], str] = {
    ("F01", PASS, ""): "有毕业记录，学习形式符合。",
    ("F01", FAIL, ""): "没有查到毕业记录；请补交学历证书电子注册备案表。",
    ("F01", FAIL, "study"): "学习形式不是普通高等学历教育，不在补助范围内。",
    ("F01", UNKNOWN, ""): "毕业情况还没有查到，需要人工核实。",
    ("F02", PASS, ""): "毕业年份在 {first} 至 {last} 年之间。",
    ("F02", FAIL, ""): "毕业年份不在 {first} 至 {last} 年之间。",
    ("F02", UNKNOWN, ""): "毕业年份还不知道，应当在 {first} 至 {last} 年之间。",
    ("F03", PASS, ""): "在离校未就业毕业生名单上，此前没有在其他单位就业。",
    ("F03", FAIL, ""): "不在离校未就业毕业生名单上；请向教育部门核对。",
    ("F03", FAIL, "employed"): "此前已在其他单位就业。",
    ("F03", UNKNOWN, ""): "离校未就业情况还没有查到，需要人工核实。",
    ("F04", PASS, ""): "入职前已登记失业。",
    ("F04", FAIL, ""): "入职前没有登记失业。",
    ("F04", UNKNOWN, ""): "失业登记情况还没有查到，需要人工核实。",
    ("F05", PASS, ""): "合同开始时 {age} 周岁，满 {least} 周岁、不满 {below} 周岁。",
    ("F05", FAIL, ""): "合同开始时 {age} 周岁，应当满 {least} 周岁、不满 {below} 周岁。",
    ("F06", PASS, ""): "劳动合同已备案。",
    ("F06", FAIL, ""): "劳动合同没有备案；备案后可以再核。",
    ("F06", UNKNOWN, ""): "劳动合同备案情况还没有查到，需要人工核实。",
    ("F07", PASS, ""): "三项社会保险最长缴了 {longest} 个月，达到 {needed} 个月。",
    (
        "F07",
        FAIL,
        "",
    ): "三项社会保险最长缴了 {longest} 个月，要求 {needed} 个月；继续缴费，最早 {earliest} 符合。",
    (
        "F07",
        FAIL,
        "too_late",
    ): "三项社会保险最长缴了 {longest} 个月，要求 {needed} 个月；政策期内已经缴不满。",
    ("F07", UNKNOWN, ""): "三项社会保险的缴费月数还没有查到，需要人工核实。",
    ("F08", PASS, ""): "三项社会保险的缴费月数没有短缺。",
    ("F08", FAIL, ""): "三项社会保险中有一项只缴了 {shortest} 个月，少于 {needed} 个月；补缴后可以再核。",
    ("F08", UNKNOWN, ""): "三项社会保险的缴费月数还没有查到，是否有短缺不清楚。",
    ("F09", PASS, ""): "核查时仍在参保。",
    ("F09", FAIL, ""): "核查时已停保。",
    ("F09", UNKNOWN, ""): "核查时是否参保还没有查到，需要人工核实。",
    ("F10", PASS, ""): "此人没有用于申领过本补助。",
    ("F10", FAIL, ""): "此人已经用于申领过本补助，每人只能用一次。",
    ("F10", UNKNOWN, ""): "此人是否用于申领过本补助还没有查到，需要人工核实。",
    ("F11", PASS, ""): "没有享受一次性吸纳就业补贴。",
    ("F11", FAIL, ""): "已享受一次性吸纳就业补贴，两项只能选一项；退回后可以再核。",
    ("F11", UNKNOWN, ""): "是否享受一次性吸纳就业补贴还没有查到，需要人工核实。",
    ("F12", PASS, ""): "单位类型在补助范围内。",
    ("F12", FAIL, ""): "单位类型不在补助范围内。",
    ("F14", PASS, ""): "单位账户可以收款。",
    ("F14", FAIL, ""): "单位没有可以收款的账户；补充或更正后可以再核。",
    ("F16", PASS, ""): "在政策期内核查。",
    ("F16", FAIL, ""): "不在政策期内。",
}

PATTERNS: Mapping[tuple[str, str, str], str] = {
    **BENEFIT_PATTERNS,
    **CONTINUED_PATTERNS,
    **REFUND_PATTERNS,
    **SKILL_PATTERNS,
    **EXPANSION_PATTERNS,
}


def pattern(code: str, outcome: str, variant: str = "") -> str:
    """The pattern with `{name}` placeholders. Raises KeyError for a reason that has no sentence: a bug."""
    return PATTERNS[code, outcome, variant]
